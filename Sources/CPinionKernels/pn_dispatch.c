#include "pn_traits.h"
#include "pn_variants.h"

#include <string.h>

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

#if defined(__x86_64__)
static int pn_has_avx2(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}
static int pn_has_avx512(void) {
    return pn_has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vnni");
}
#elif defined(__aarch64__)
static int pn_has_neon_dot_products(void) {
#if defined(__APPLE__) || defined(__ARM_FEATURE_DOTPROD)
    return 1;
#elif defined(__linux__)
    // HWCAP_ASIMDDP, which not every C library names.
    return (getauxval(AT_HWCAP) >> 20 & 1) != 0;
#else
    return 0;
#endif
}
#endif

const pn_kernels *pn_kernels_best(void) {
#if defined(__x86_64__)
    if (pn_has_avx512()) return &pn_kernels_avx512;
    if (pn_has_avx2()) return &pn_kernels_avx2;
#elif defined(__aarch64__)
    if (pn_has_neon_dot_products()) return &pn_kernels_neon;
#endif
    return &pn_kernels_portable;
}

const pn_kernels *pn_kernels_named(const char *name) {
#if defined(__x86_64__)
    if (strcmp(name, "avx512") == 0) return pn_has_avx512() ? &pn_kernels_avx512 : NULL;
    if (strcmp(name, "avx2") == 0) return pn_has_avx2() ? &pn_kernels_avx2 : NULL;
#elif defined(__aarch64__)
    if (strcmp(name, "neon") == 0) return pn_has_neon_dot_products() ? &pn_kernels_neon : NULL;
#endif
    return strcmp(name, "portable") == 0 ? &pn_kernels_portable : NULL;
}

const pn_format_traits *pn_traits_of_format(pn_format format) { return &pn_traits[format]; }

pn_format pn_format_of_file_type(uint32_t file_type) {
    int format = 0;
    while (format < PN_FORMAT_COUNT && pn_traits[format].file_type != file_type) format++;
    return (pn_format)format;
}
