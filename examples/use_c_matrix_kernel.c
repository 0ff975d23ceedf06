/*
 * Muon in C, on a least-squares problem: the matrix P that brings X P closest to Y. Two files are all it takes,
 * muon.h and muon.c; the step works in memory that it is given, and muon.h says how much it needs.
 *
 *   cc -std=c99 -O3 -fno-math-errno -fno-trapping-math -ffp-contract=off \
 *      -I generated/c examples/use_c_matrix_kernel.c generated/c/muon.c -lm -o use_c_matrix_kernel
 */
#include "muon.h"

#include <stdio.h>
#include <stdlib.h>

enum { SAMPLES = 24, ROWS = 6, COLS = 4, STEPS = 200 };

/* The mean square of X P - Y, and its gradient. */
static double loss(const float *x, const float *y, const float *p, float *g)
{
    double total = 0.0;
    for (size_t i = 0; i < ROWS * COLS; i++) {
        g[i] = 0.0f;
    }
    for (size_t s = 0; s < SAMPLES; s++) {
        for (size_t c = 0; c < COLS; c++) {
            float error = -y[s * COLS + c];
            for (size_t r = 0; r < ROWS; r++) {
                error += x[s * ROWS + r] * p[r * COLS + c];
            }
            for (size_t r = 0; r < ROWS; r++) {
                g[r * COLS + c] += 2.0f / SAMPLES * error * x[s * ROWS + r];
            }
            total += (double)(error * error) / SAMPLES;
        }
    }
    return total;
}

int main(void)
{
    float x[SAMPLES * ROWS], y[SAMPLES * COLS] = {0}, p[ROWS * COLS] = {0}, g[ROWS * COLS], b[ROWS * COLS];
    for (size_t i = 0; i < SAMPLES * ROWS; i++) {
        x[i] = (float)(i * i * 7 % 41) / 20.0f - 1.0f;
    }
    for (size_t i = 0; i < SAMPLES * COLS; i++) {
        y[i] = x[i / COLS * ROWS + i % COLS] - 2.0f * x[i / COLS * ROWS + i % COLS + 2];
    }
    symopt_muon_hyper hyper = symopt_muon_hyper_default();
    hyper.weight_decay = 0.0;

    void *work = malloc(symopt_muon_step_work_f32(ROWS, COLS));
    symopt_status status = work != NULL ? symopt_muon_init_f32(ROWS, COLS, b) : SYMOPT_NULL_POINTER;
    for (uint64_t t = 1; t <= STEPS && status == SYMOPT_OK; t++) {
        double now = loss(x, y, p, g);
        if (t % 40 == 1) {
            printf("loss %.4f before step %d\n", now, (int)t);
        }
        hyper.lr = 0.1 * (double)(STEPS - t) / STEPS; /* smaller and smaller steps */
        status = symopt_muon_step_f32(ROWS, COLS, t, &hyper, p, g, b, work);
    }
    free(work);
    if (status != SYMOPT_OK) {
        fprintf(stderr, "%s\n", symopt_status_message(status));
        return 1;
    }
    printf("loss %.4f in the end\n", loss(x, y, p, g));
    return 0;
}
