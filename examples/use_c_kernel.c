/*
 * AdamW in C, on the function f(p) = sum of (p[i] - i)^2 / 2. Two files are all it takes: adamw.h and adamw.c.
 *
 *   cc -std=c99 -O3 -fno-math-errno -fno-trapping-math -ffp-contract=off \
 *      -I generated/c examples/use_c_kernel.c generated/c/adamw.c -lm -o use_c_kernel
 */
#include "adamw.h"

#include <stdio.h>

#define N 4

int main(void)
{
    float p[N] = {0}, g[N], m[N], v[N];
    symopt_adamw_hyper hyper = symopt_adamw_hyper_default();
    hyper.lr = 0.1;
    hyper.weight_decay = 0.0;

    symopt_status status = symopt_adamw_init_f32(N, m, v);
    for (uint64_t t = 1; t <= 500 && status == SYMOPT_OK; t++) {
        for (size_t i = 0; i < N; i++) {
            g[i] = p[i] - (float)i;
        }
        status = symopt_adamw_step_f32(N, t, &hyper, p, g, m, v);
    }
    if (status != SYMOPT_OK) {
        fprintf(stderr, "%s\n", symopt_status_message(status));
        return 1;
    }
    for (size_t i = 0; i < N; i++) {
        printf("%.3f\n", (double)p[i]);
    }
    return 0;
}
