#ifndef SYMOPT_LIFT_ARM_NEON
#define SYMOPT_LIFT_ARM_NEON
typedef struct __symopt_vector_float_4 float32x4_t;
typedef struct __symopt_vector_double_2 float64x2_t;
typedef struct __symopt_vector_int_4 uint32x4_t;
typedef struct __symopt_vector_int_2 uint64x2_t;
typedef float float32_t;
typedef double float64_t;
#endif
