#include "pn_variants.h"

#if defined(__x86_64__)

#pragma STDC FP_CONTRACT OFF
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#else
#pragma GCC target("avx2,fma,f16c")
#endif

#define PN_ISA avx2
#define PN_ISA_NAME "avx2"
#define PN_INLINE static inline __attribute__((always_inline))
#define PN_SQRT __builtin_sqrtf
#include "pn_vec_avx2.h"
#include "pn_body.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
