/* The least that an AdamW step can cost: the same bytes in the same pattern, with next to no arithmetic.
 *
 * p, m and v are read and written, g is read. With zero = 0.0f (which the compiler does not know) the
 * values stay as they are, so any number of calls can be timed on one set of arrays.
 */
#include <stddef.h>

void symopt_streaming(
    size_t n, float zero, float *restrict p, const float *restrict g, float *restrict m, float *restrict v);

void symopt_streaming(
    size_t n, float zero, float *restrict p, const float *restrict g, float *restrict m, float *restrict v)
{
    for (size_t i = 0; i < n; i++) {
        const float nothing = zero * g[i];
        p[i] = p[i] + nothing;
        m[i] = m[i] + nothing;
        v[i] = v[i] + nothing;
    }
}
