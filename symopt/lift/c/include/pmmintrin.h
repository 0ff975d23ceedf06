#ifndef SYMOPT_LIFT_PMMINTRIN
#define SYMOPT_LIFT_PMMINTRIN
#include <immintrin.h>
#endif
