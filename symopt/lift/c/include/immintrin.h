#ifndef SYMOPT_LIFT_IMMINTRIN
#define SYMOPT_LIFT_IMMINTRIN
typedef struct __symopt_vector_float_4 __m128;
typedef struct __symopt_vector_float_8 __m256;
typedef struct __symopt_vector_float_16 __m512;
typedef struct __symopt_vector_double_2 __m128d;
typedef struct __symopt_vector_double_4 __m256d;
typedef struct __symopt_vector_double_8 __m512d;
typedef struct __symopt_vector_int_4 __m128i;
typedef struct __symopt_vector_int_8 __m256i;
typedef struct __symopt_vector_int_16 __m512i;
typedef unsigned char __mmask8;
typedef unsigned short __mmask16;
#define _CMP_EQ_OQ 0
#define _CMP_LT_OS 1
#define _CMP_LE_OS 2
#define _CMP_NEQ_UQ 4
#define _CMP_NLT_US 5
#define _CMP_NLE_US 6
#define _CMP_EQ_UQ 8
#define _CMP_NEQ_OQ 12
#define _CMP_GE_OS 13
#define _CMP_GT_OS 14
#define _CMP_LT_OQ 17
#define _CMP_LE_OQ 18
#define _CMP_GE_OQ 29
#define _CMP_GT_OQ 30
#endif
