#ifndef SYMOPT_LIFT_MATH
#define SYMOPT_LIFT_MATH
#define INFINITY (__symopt_infinity())
#define HUGE_VAL (__symopt_infinity())
#define HUGE_VALF (__symopt_infinity())
#define NAN (__symopt_nan())
#define M_PI 3.14159265358979323846
#define M_E 2.7182818284590452354
#endif
