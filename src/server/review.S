// SPDX-License-Identifier: Apache-2.0
// The review page, an object of its own: only a program that serves it links it.
    .section .rodata
    .macro embed name, file
    .global capillaryx_review_\name
    .global capillaryx_review_\name\()_end
capillaryx_review_\name:
    .incbin "\file"
capillaryx_review_\name\()_end:
    .byte 0
    .endm
    embed page, "review.html"
    embed script, "dist/review.js"
    embed style, "dist/review.css"
    .section .note.GNU-stack, "", %progbits
