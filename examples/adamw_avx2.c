/*
 * AdamW with AVX2 and FMA: eight elements at a time, and a loop for the rest. The two loops are written in different
 * forms, as people do; symopt proves that every element gets the same update in both, and that it is the rule:
 *
 *   symopt compare adamw examples/adamw_avx2.c
 *
 * Compile it with -mavx2 -mfma. m and v start at 0, and t counts the steps from 1.
 */
#include <immintrin.h>
#include <math.h>
#include <stddef.h>

void adamw_step(float *restrict p, const float *restrict g, float *restrict m, float *restrict v, size_t n, int t,
                float lr, float beta1, float beta2, float eps, float weight_decay)
{
    const float rate = lr / (1.0f - powf(beta1, (float)t));
    const float scale = 1.0f / sqrtf(1.0f - powf(beta2, (float)t));
    const float keep = 1.0f - lr * weight_decay;

    const __m256 b1 = _mm256_set1_ps(beta1), c1 = _mm256_set1_ps(1.0f - beta1);
    const __m256 b2 = _mm256_set1_ps(beta2), c2 = _mm256_set1_ps(1.0f - beta2);
    const __m256 rates = _mm256_set1_ps(rate), scales = _mm256_set1_ps(scale);
    const __m256 keeps = _mm256_set1_ps(keep), epsilons = _mm256_set1_ps(eps);

    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256 gradient = _mm256_loadu_ps(g + i);
        const __m256 mean = _mm256_fmadd_ps(b1, _mm256_loadu_ps(m + i), _mm256_mul_ps(c1, gradient));
        const __m256 square = _mm256_mul_ps(gradient, gradient);
        const __m256 spread = _mm256_fmadd_ps(b2, _mm256_loadu_ps(v + i), _mm256_mul_ps(c2, square));
        const __m256 root = _mm256_fmadd_ps(_mm256_sqrt_ps(spread), scales, epsilons);
        const __m256 kept = _mm256_mul_ps(keeps, _mm256_loadu_ps(p + i));
        _mm256_storeu_ps(p + i, _mm256_fnmadd_ps(rates, _mm256_div_ps(mean, root), kept));
        _mm256_storeu_ps(m + i, mean);
        _mm256_storeu_ps(v + i, spread);
    }
    for (; i < n; i++) {
        m[i] += (1.0f - beta1) * (g[i] - m[i]);
        v[i] = beta2 * v[i] + (1.0f - beta2) * g[i] * g[i];
        p[i] = p[i] * keep - rate * m[i] / (sqrtf(v[i]) * scale + eps);
    }
}
