// SPDX-License-Identifier: Apache-2.0
// The front end, inside the program: no file is looked up when it runs. web/ is on the assembler's include path.
    .section .rodata
    .macro embed name, file
    .global capillaryx_\name
    .global capillaryx_\name\()_end
capillaryx_\name:
    .incbin "\file"
capillaryx_\name\()_end:
    .byte 0
    .endm
    embed frontend_page, "report.html"
    embed frontend_script, "dist/capillaryx.js"
    embed frontend_style, "dist/capillaryx.css"
    embed frontend_licences, "dist/LICENCES.txt"
    .section .note.GNU-stack, "", %progbits
