package io.sparkmoe.spark.trace;

import java.util.Locale;

/** Why a record cannot be used: the short codes of {@code bad.reason}, and what to do about each. */
enum BadReason {
    NOT_JSON("Check that the file holds one JSON record a line (or one JSON document), and that nothing cut it."),
    MISSING_FIELD("Record the response with return_routed_experts and keep its meta_info (or usage) whole."),
    FIELD_VALUE("Check how the record was written; the field must hold what SGLang sends."),
    BASE64("The payload was damaged after it was recorded; record or copy it again."),
    PAYLOAD_LENGTH("Check numLayers, topk and the payload's dtype against the recorded model."),
    TOPK("Check the option topk (or the config's num_experts_per_tok) against the recorded model."),
    LAYERS("Check numLayers and moeLayers (or the modelConfig file) against the recorded model."),
    ROW_COUNT("Check prompt_tokens, completion_tokens and the start; the option startLen gives a start that the "
            + "records do not carry."),
    ID_RANGE("Check numExperts and routed_experts_dtype against the recorded model."),
    UNKNOWN_DTYPE("Only int32, uint16 and uint8 payloads are known."),
    TOKEN_IDS("Read without tokenIds, or record the tokens whole."),
    ROWS_UNEQUAL("All layers of an iteration hold one row a token: copy the file again, whole, or leave it out."),
    COLUMNS("Check that the file is one of the published layout."),
    NOT_PARQUET("Copy the file again; where it came by git, fetch what its LFS pointer stands for."),
    WEIGHTS("Read without topk_weights, or copy the file again."),
    TRUNCATED("The file ends early; copy it again. What stands before the end has been read."),
    CORRUPT("The compressed data is damaged; copy the file again. What stands before the damage has been read."),
    EMPTY_FILE("Leave the file out, or record it again.");

    private final String advice;

    BadReason(String advice) {
        this.advice = advice;
    }

    String code() {
        return name().toLowerCase(Locale.ROOT);
    }

    String advice() {
        return advice;
    }
}
