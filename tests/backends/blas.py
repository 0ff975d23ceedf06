"""A CBLAS for tests: the header that a source asks for, with products in the plainest way, added from the other end."""

_GEMM = """
static inline void cblas_{0}gemm(
    enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE a_trans, enum CBLAS_TRANSPOSE b_trans, int m, int n, int k,
    {1} alpha, const {1} *a, int lda, const {1} *b, int ldb, {1} beta, {1} *c, int ldc)
{{
    (void)order;
    for (int i = 0; i < m; i++) {{
        for (int j = 0; j < n; j++) {{
            {1} total = 0;
            for (int l = k - 1; l >= 0; l--) {{
                const {1} x = a_trans == CblasTrans ? a[l * lda + i] : a[i * lda + l];
                const {1} y = b_trans == CblasTrans ? b[j * ldb + l] : b[l * ldb + j];
                total += x * y;
            }}
            /* As in a real one, beta = 0 means that what stands in c is not read. */
            c[i * ldc + j] = alpha * total + (beta == 0 ? 0 : beta * c[i * ldc + j]);
        }}
    }}
}}
"""
CBLAS = (
    "#ifndef CBLAS_H\n#define CBLAS_H\n"
    "enum CBLAS_ORDER { CblasRowMajor = 101, CblasColMajor = 102 };\n"
    "enum CBLAS_TRANSPOSE { CblasNoTrans = 111, CblasTrans = 112 };\n"
    f"{_GEMM.format('s', 'float')}{_GEMM.format('d', 'double')}#endif\n"
)
