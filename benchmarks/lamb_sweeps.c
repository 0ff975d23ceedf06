/* LAMB in two sweeps, as one writes it by hand, with the direction computed again or kept; and what its bytes cost.
 *
 * The first sweep stores m and v and sums the squares of p and of the direction; the second moves p. Sums are
 * taken in double, in eight lanes, so that the loops are vectorised without leave to reorder sums.
 */
#include <math.h>
#include <stddef.h>

#define LANES 8

typedef struct lamb_hand {
    float lr, beta1, beta2, eps, weight_decay, inv_correction1, inv_correction2;
} lamb_hand;

static inline float direction(const lamb_hand *h, float p, float m, float v)
{
    return (m * h->inv_correction1) / (sqrtf(v * h->inv_correction2) + h->eps) + h->weight_decay * p;
}

static lamb_hand settings(size_t t, double lr, double beta1, double beta2, double eps, double weight_decay)
{
    const double correction1 = 1.0 - pow(beta1, (double)t), correction2 = 1.0 - pow(beta2, (double)t);
    return (lamb_hand){(float)lr, (float)beta1, (float)beta2, (float)eps, (float)weight_decay,
                       (float)(1.0 / correction1), (float)(1.0 / correction2)};
}

static float ratio(const double *p_squares, const double *u_squares)
{
    double p_square = 0.0, u_square = 0.0;
    for (size_t lane = 0; lane < LANES; lane++) {
        p_square += p_squares[lane];
        u_square += u_squares[lane];
    }
    return p_square == 0.0 || u_square == 0.0 ? 1.0f : (float)(sqrt(p_square) / sqrt(u_square));
}

void lamb_again(
    size_t n, size_t t, double lr, double beta1, double beta2, double eps, double weight_decay,
    float *restrict p, const float *restrict g, float *restrict m, float *restrict v);
void lamb_kept(
    size_t n, size_t t, double lr, double beta1, double beta2, double eps, double weight_decay,
    float *restrict p, const float *restrict g, float *restrict m, float *restrict v, float *restrict u);
void lamb_streaming(
    size_t n, float zero, float *restrict p, const float *restrict g, float *restrict m, float *restrict v);

void lamb_again(
    size_t n, size_t t, double lr, double beta1, double beta2, double eps, double weight_decay,
    float *restrict p, const float *restrict g, float *restrict m, float *restrict v)
{
    const lamb_hand h = settings(t, lr, beta1, beta2, eps, weight_decay);
    double p_squares[LANES] = {0.0}, u_squares[LANES] = {0.0};
    size_t begin = 0;
    for (; begin + LANES <= n; begin += LANES) {
        for (size_t lane = 0; lane < LANES; lane++) {
            const size_t i = begin + lane;
            m[i] = h.beta1 * m[i] + (1.0f - h.beta1) * g[i];
            v[i] = h.beta2 * v[i] + (1.0f - h.beta2) * (g[i] * g[i]);
            const double u = (double)direction(&h, p[i], m[i], v[i]);
            p_squares[lane] += (double)p[i] * (double)p[i];
            u_squares[lane] += u * u;
        }
    }
    for (size_t i = begin; i < n; i++) {
        m[i] = h.beta1 * m[i] + (1.0f - h.beta1) * g[i];
        v[i] = h.beta2 * v[i] + (1.0f - h.beta2) * (g[i] * g[i]);
        const double u = (double)direction(&h, p[i], m[i], v[i]);
        p_squares[i - begin] += (double)p[i] * (double)p[i];
        u_squares[i - begin] += u * u;
    }
    const float step = h.lr * ratio(p_squares, u_squares);
    for (size_t i = 0; i < n; i++) {
        p[i] -= step * direction(&h, p[i], m[i], v[i]);
    }
}

void lamb_kept(
    size_t n, size_t t, double lr, double beta1, double beta2, double eps, double weight_decay,
    float *restrict p, const float *restrict g, float *restrict m, float *restrict v, float *restrict u)
{
    const lamb_hand h = settings(t, lr, beta1, beta2, eps, weight_decay);
    double p_squares[LANES] = {0.0}, u_squares[LANES] = {0.0};
    size_t begin = 0;
    for (; begin + LANES <= n; begin += LANES) {
        for (size_t lane = 0; lane < LANES; lane++) {
            const size_t i = begin + lane;
            m[i] = h.beta1 * m[i] + (1.0f - h.beta1) * g[i];
            v[i] = h.beta2 * v[i] + (1.0f - h.beta2) * (g[i] * g[i]);
            u[i] = direction(&h, p[i], m[i], v[i]);
            p_squares[lane] += (double)p[i] * (double)p[i];
            u_squares[lane] += (double)u[i] * (double)u[i];
        }
    }
    for (size_t i = begin; i < n; i++) {
        m[i] = h.beta1 * m[i] + (1.0f - h.beta1) * g[i];
        v[i] = h.beta2 * v[i] + (1.0f - h.beta2) * (g[i] * g[i]);
        u[i] = direction(&h, p[i], m[i], v[i]);
        p_squares[i - begin] += (double)p[i] * (double)p[i];
        u_squares[i - begin] += (double)u[i] * (double)u[i];
    }
    const float step = h.lr * ratio(p_squares, u_squares);
    for (size_t i = 0; i < n; i++) {
        p[i] -= step * u[i];
    }
}

/* With zero = 0.0f, which the compiler does not know, the values stay as they are. */
void lamb_streaming(
    size_t n, float zero, float *restrict p, const float *restrict g, float *restrict m, float *restrict v)
{
    for (size_t i = 0; i < n; i++) {
        const float nothing = zero * (g[i] + p[i]);
        m[i] = m[i] + nothing;
        v[i] = v[i] + nothing;
    }
    for (size_t i = 0; i < n; i++) {
        p[i] = p[i] + zero * (m[i] + v[i]);
    }
}
