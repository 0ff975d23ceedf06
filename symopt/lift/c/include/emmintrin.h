#ifndef SYMOPT_LIFT_EMMINTRIN
#define SYMOPT_LIFT_EMMINTRIN
#include <immintrin.h>
#endif
