// What the kernels share: names, the exponential, loads and stores at a row's end.

#define PN_CONCAT2(a, b) a##_##b
#define PN_CONCAT(a, b) PN_CONCAT2(a, b)
#define PN_NAME(operation) PN_CONCAT(pn_##operation, PN_ISA)

enum { PN_LANES = 16 };

/// e^x within 2 units in the last place; 0 below -87.3, where the result would be subnormal.
PN_INLINE pn_vf vf_exp(pn_vf x) {
    const pn_vf lowest = vf_set1(-87.3f);
    pn_vf clamped = vf_min(vf_max(x, lowest), vf_set1(88.0f));
    pn_vf n = vf_round(vf_mul(clamped, vf_set1(1.44269504f)));
    // ln 2 in two parts, so that the remainder keeps its low bits.
    pn_vf r = vf_fma(n, vf_set1(-0.693359375f), clamped);
    r = vf_fma(n, vf_set1(2.12194440e-4f), r);
    pn_vf p = vf_set1(1.0f / 720);
    p = vf_fma(p, r, vf_set1(1.0f / 120));
    p = vf_fma(p, r, vf_set1(1.0f / 24));
    p = vf_fma(p, r, vf_set1(1.0f / 6));
    p = vf_fma(p, r, vf_set1(0.5f));
    p = vf_fma(p, r, vf_set1(1));
    p = vf_fma(p, r, vf_set1(1));
    return vf_keep_if_at_least(vf_mul(p, vf_exp2_whole(n)), x, lowest);
}

PN_INLINE pn_vf vf_load_upto(const float *x, size_t left) {
    return left >= PN_LANES ? vf_load(x) : vf_load_first(x, left);
}
PN_INLINE void vf_store_upto(float *x, size_t left, pn_vf v) {
    if (left >= PN_LANES) vf_store(x, v);
    else vf_store_first(x, left, v);
}
