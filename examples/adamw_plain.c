/*
 * AdamW as one writes it in C: a loop over the elements, the state in two arrays of the caller. symopt reads the
 * text, without compiling it, and proves that it is the rule of the catalogue:
 *
 *   symopt compare adamw examples/adamw_plain.c
 *
 * m and v start at 0, and t counts the steps from 1.
 */
#include <math.h>
#include <stddef.h>

void adamw_step(float *restrict p, const float *restrict g, float *restrict m, float *restrict v, size_t n, int t,
                float lr, float beta1, float beta2, float eps, float weight_decay)
{
    const float correction1 = 1.0f - powf(beta1, (float)t);
    const float correction2 = sqrtf(1.0f - powf(beta2, (float)t));

    for (size_t i = 0; i < n; i++) {
        p[i] -= lr * weight_decay * p[i];
        m[i] = beta1 * m[i] + (1.0f - beta1) * g[i];
        v[i] = beta2 * v[i] + (1.0f - beta2) * g[i] * g[i];
        p[i] -= (lr / correction1) * m[i] / (sqrtf(v[i]) / correction2 + eps);
    }
}
