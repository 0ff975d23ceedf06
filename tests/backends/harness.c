/* Calls kernels as a careless C program might: arrays that end where they should, NULLs, values out of domain.
 *
 * The file is included after the descriptions of kernels, which a test writes. It prints what is wrong.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TENSORS = 4, ARRAYS = 24, GUARD = 40 };

/* Where the memory of a model lies: every array of every tensor, and what its arrays of pointers hold. */
typedef struct model {
    size_t tensors, rows[TENSORS], cols[TENSORS];
    void *data[ARRAYS][TENSORS], *before[ARRAYS][TENSORS];
    size_t bytes[ARRAYS][TENSORS];
    unsigned char *work;
    size_t work_bytes;
} model;

static int faults = 0;
static const char *running = "";

#define CHECK(what) \
    do { \
        if (!(what)) { \
            printf("%s, line %d: %s\n", running, __LINE__, #what); \
            faults++; \
        } \
    } while (0)

static double next(void)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) / 9007199254740992.0 - 0.4;
}

static void *fresh(size_t bytes, size_t width)
{
    if (bytes == 0) {
        return NULL;
    }
    void *data = malloc(bytes);
    for (size_t i = 0; i < bytes / width; i++) {
        if (width == 4) {
            ((float *)data)[i] = (float)next();
        } else {
            ((double *)data)[i] = next();
        }
    }
    return data;
}

static model made(const kernel *k, size_t tensors, const size_t (*shapes)[2])
{
    model m = {0};
    m.tensors = tensors;
    for (size_t t = 0; t < tensors; t++) {
        m.rows[t] = shapes[t][0] < k->most ? shapes[t][0] : k->most;
        m.cols[t] = !k->axes ? 1 : shapes[t][1] < k->most ? shapes[t][1] : k->most;
        for (size_t a = 0; a < k->arrays; a++) {
            m.bytes[a][t] = k->array[a].number ? 0 : k->array[a].count(m.rows[t], m.cols[t]) * k->width;
            m.data[a][t] = fresh(m.bytes[a][t], k->width);
        }
    }
    for (size_t a = 0; a < k->arrays; a++) {
        if (k->array[a].number) {
            m.bytes[a][0] = sizeof(double) * (k->array[a].tensor ? tensors : 1);
            m.data[a][0] = fresh(m.bytes[a][0], sizeof(double));
        }
    }
    return m;
}

static void forget(const kernel *k, model *m)
{
    for (size_t a = 0; a < k->arrays; a++) {
        for (size_t t = 0; t < TENSORS; t++) {
            free(m->data[a][t]);
        }
    }
}

/* The call of a function; argument `missing` is NULL, or its array of tensor `of` where that is smaller. */
static symopt_status called(
    const kernel *k, const function *f, model *m, uint64_t t, const void *hyper, size_t missing, size_t of)
{
    void *args[ARRAYS], *lists[ARRAYS][TENSORS];
    size_t most = 0;
    for (size_t a = 0; a < f->count; a++) {
        const size_t which = f->args[a];
        memcpy(lists[a], m->data[which], sizeof lists[a]);
        if (a == missing && of < TENSORS) {
            lists[a][of] = NULL;
        }
        args[a] = k->model && !k->array[which].number ? (void *)lists[a] : m->data[which][0];
        args[a] = a == missing && of >= TENSORS ? NULL : args[a];
    }
    for (size_t i = 0; i < m->tensors && f->work; i++) {
        const size_t need = f->work(m->rows[i], m->cols[i]);
        most = need > most ? need : most;
    }
    /* Memory that is aligned for double and for nothing more, between bytes that must stay. */
    unsigned char *block = aligned_alloc(64, (8 + most + GUARD + 63) / 64 * 64);
    memset(block, 0xA5, 8 + most + GUARD);
    void *work = missing == f->count ? NULL : block + 8;
    const size_t *rows = missing == f->count + 1 ? NULL : m->rows;
    const symopt_status status = f->call(m->tensors, rows, m->cols, t, hyper, args, work);
    for (size_t i = 0; i < GUARD; i++) {
        CHECK(block[8 + most + i] == 0xA5 && block[i % 8] == 0xA5);
    }
    free(block);
    return status;
}

static void remember(const kernel *k, model *m)
{
    for (size_t a = 0; a < k->arrays; a++) {
        for (size_t t = 0; t < TENSORS; t++) {
            m->before[a][t] = malloc(m->bytes[a][t] + 1);
            memcpy(m->before[a][t], m->bytes[a][t] ? m->data[a][t] : "", m->bytes[a][t]);
        }
    }
}

static void check_untouched(const kernel *k, model *m)
{
    for (size_t a = 0; a < k->arrays; a++) {
        for (size_t t = 0; t < TENSORS; t++) {
            CHECK(m->bytes[a][t] == 0 || memcmp(m->before[a][t], m->data[a][t], m->bytes[a][t]) == 0);
            free(m->before[a][t]);
        }
    }
}

static void check_finite(const kernel *k, const model *m)
{
    for (size_t a = 0; a < k->arrays; a++) {
        for (size_t t = 0; t < TENSORS; t++) {
            const size_t width = k->array[a].number ? 8 : k->width;
            for (size_t i = 0; i < m->bytes[a][t] / width; i++) {
                CHECK(isfinite(width == 4 ? (double)((float *)m->data[a][t])[i] : ((double *)m->data[a][t])[i]));
            }
        }
    }
}

static const size_t NONE = 1000;

/* Every refusal: a pointer that is missing, a step of 0, a hyper-parameter that is no number. */
static void check_refusals(const kernel *k, const function *f, model *m)
{
    remember(k, m);
    const size_t last = f->count + (f->work ? 1 : 0);
    for (size_t a = 0; a < last; a++) {
        CHECK(called(k, f, m, 2, k->hyper, a, NONE) == SYMOPT_NULL_POINTER);
        for (size_t t = 0; t < m->tensors && k->model && a < f->count && !k->array[f->args[a]].number; t++) {
            const symopt_status wanted = m->rows[t] * m->cols[t] > 0 ? SYMOPT_NULL_POINTER : SYMOPT_OUT_OF_DOMAIN;
            if (wanted == SYMOPT_NULL_POINTER || f->takes_t) {
                CHECK(called(k, f, m, wanted == SYMOPT_NULL_POINTER ? 2 : 0, k->hyper, a, t) == wanted);
            }
        }
    }
    if (k->model) {
        CHECK(called(k, f, m, 2, k->hyper, f->count + 1, NONE) == SYMOPT_NULL_POINTER);
    }
    if (f->takes_t) {
        CHECK(called(k, f, m, 0, k->hyper, NONE, NONE) == SYMOPT_OUT_OF_DOMAIN);
    }
    if (f->takes_hyper) {
        CHECK(called(k, f, m, 2, NULL, NONE, NONE) == SYMOPT_NULL_POINTER);
        for (size_t h = 0; h < k->hypers; h++) {
            double wrong[32];
            memcpy(wrong, k->hyper, k->hypers * sizeof(double));
            wrong[h] = (double)NAN;
            CHECK(called(k, f, m, 2, wrong, NONE, NONE) == SYMOPT_OUT_OF_DOMAIN);
        }
    }
    check_untouched(k, m);
}

/* A number is read also where all arrays are empty; whatever else is missing then is not missed. */
static void check_empty(const kernel *k, const function *f, model *m)
{
    for (size_t a = 0; a < f->count; a++) {
        const array *which = &k->array[f->args[a]];
        const bool filled = !f->takes_t && m->bytes[f->args[a]][0] > 0;
        const bool used = filled || (which->number && !which->tensor) || (k->model && m->tensors > 0);
        const symopt_status wanted = used ? SYMOPT_NULL_POINTER : SYMOPT_OK;
        running = f->name;
        CHECK(called(k, f, m, 1, k->hyper, a, NONE) == wanted);
    }
}

/* All functions in their order, some steps; the last is the step. */
static void check_steps(const kernel *k, size_t tensors, const size_t (*shapes)[2], bool refusals)
{
    model m = made(k, tensors, shapes);
    for (uint64_t t = 1; t <= 12; t++) {
        for (size_t f = 0; f < k->functions; f++) {
            if (k->function[f].takes_t || t == 1) {
                running = k->function[f].name;
                if (refusals && t == 1) {
                    check_refusals(k, &k->function[f], &m);
                } else if (t == 1 && (tensors == 0 || shapes[0][0] == 0)) {
                    check_empty(k, &k->function[f], &m);
                }
                CHECK(called(k, &k->function[f], &m, t, k->hyper, NONE, NONE) == SYMOPT_OK);
            }
        }
    }
    check_finite(k, &m);
    forget(k, &m);
}

static int all_checked(const kernel *kernels, size_t count)
{
    static const size_t several[TENSORS][2] = {{3, 5}, {0, 4}, {1030, 2}, {1, 1}};
    static const size_t none[TENSORS][2] = {{0, 0}, {0, 7}, {7, 0}, {0, 0}};
    static const size_t single[][2] = {{70, 3}, {3, 70}, {1, 1}, {1, 1100}, {8, 8}, {1024, 1}};
    for (size_t i = 0; i < count; i++) {
        const kernel *k = &kernels[i];
        if (k->model) {
            check_steps(k, TENSORS, several, true);
            check_steps(k, 0, several, false);
            check_steps(k, k->axes ? TENSORS : 2, none, false);
        } else {
            for (size_t s = 0; s < sizeof single / sizeof *single; s++) {
                check_steps(k, 1, &single[s], s == 0);
            }
            for (size_t s = 0; s < TENSORS; s++) {
                if (k->axes || none[s][0] == 0) {
                    check_steps(k, 1, &none[s], false);
                }
            }
        }
    }
    return faults > 0;
}
