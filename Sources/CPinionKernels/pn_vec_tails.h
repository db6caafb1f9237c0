// The ends of rows, for vocabularies without masked loads and stores.

PN_INLINE pn_vf vf_load_first(const float *p, size_t n) {
    float lanes[16] = {0};
    __builtin_memcpy(lanes, p, n * sizeof(float));
    return vf_load(lanes);
}
PN_INLINE void vf_store_first(float *p, size_t n, pn_vf x) {
    float lanes[16];
    vf_store(lanes, x);
    __builtin_memcpy(p, lanes, n * sizeof(float));
}
