#ifndef SYMOPT_LIFT_SMMINTRIN
#define SYMOPT_LIFT_SMMINTRIN
#include <immintrin.h>
#endif
