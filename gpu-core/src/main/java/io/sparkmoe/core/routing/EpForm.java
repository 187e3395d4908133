package io.sparkmoe.core.routing;

/** The published forms of expert-parallel preprocessing; docs/operators.md has each one's definition. */
public enum EpForm {
    /** SGLang {@code run_moe_ep_preproess}: all ids sorted; seg_indptr[e + 1] = count(ids &lt;= e). */
    SGLANG,
    /** SGLang's DeepEP form: masked ids leave reorder_topk_ids and src2dst is shifted by their number. */
    DEEPEP,
    /** vLLM's sort and scan: with an expert map non-local ids sort behind the local ones. */
    VLLM,
    /** TensorRT-LLM's map: rows numbered slot-major, row = slot * num_tokens + token. */
    KMAJOR,
    /** Masked grouped GEMM: expert e owns rows [e * m_max, e * m_max + masked_m[e]). */
    PADDED
}
