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

/// cap * tanh(x / cap) within cap * 2^-22; NaN where x is no finite number.
PN_INLINE pn_vf vf_soft_cap(pn_vf x, pn_vf cap, pn_vf inverse) {
    pn_vf y = vf_mul(x, inverse);
    pn_vf tanh = vf_sub(vf_set1(1), vf_div(vf_set1(2), vf_add(vf_set1(1), vf_exp(vf_add(y, y)))));
    // The exponential of NaN is 0, which would make a number of it.
    return vf_mul(vf_add(tanh, vf_sub(y, y)), cap);
}

/// 1 / (1 + e^-x)
PN_INLINE pn_vf vf_sigmoid(pn_vf x) {
    return vf_div(vf_set1(1), vf_add(vf_set1(1), vf_exp(vf_sub(vf_zero(), x))));
}

/// x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2, as x times a sigmoid: so nothing cancels where x is small.
PN_INLINE pn_vf vf_gelu_tanh(pn_vf x) {
    pn_vf bend = vf_fma(vf_mul(x, x), vf_set1(0.044715f), vf_set1(1));
    return vf_mul(x, vf_sigmoid(vf_mul(vf_mul(x, vf_set1(1.59576912f)), bend)));
}

/// x times the normal distribution's cumulative function at x, within 2^-22 |x|.
///
/// Source of the polynomial: Abramowitz and Stegun, "Handbook of Mathematical Functions" (1964), 7.1.26.
PN_INLINE pn_vf vf_gelu(pn_vf x) {
    pn_vf z = vf_mul(vf_abs(x), vf_set1(0.70710678f));
    pn_vf t = vf_div(vf_set1(1), vf_fma(z, vf_set1(0.3275911f), vf_set1(1)));
    pn_vf p = vf_set1(1.061405429f);
    p = vf_fma(p, t, vf_set1(-1.453152027f));
    p = vf_fma(p, t, vf_set1(1.421413741f));
    p = vf_fma(p, t, vf_set1(-0.284496736f));
    p = vf_fma(p, t, vf_set1(0.254829592f));
    pn_vf tail = vf_mul(vf_mul(p, t), vf_exp(vf_sub(vf_zero(), vf_mul(z, z))));
    return vf_sub(vf_max(x, vf_zero()), vf_mul(vf_mul(vf_abs(x), vf_set1(0.5f)), tail));
}

PN_INLINE pn_vf vf_load_upto(const float *x, size_t left) {
    return left >= PN_LANES ? vf_load(x) : vf_load_first(x, left);
}
PN_INLINE void vf_store_upto(float *x, size_t left, pn_vf v) {
    if (left >= PN_LANES) vf_store(x, v);
    else vf_store_first(x, left, v);
}
