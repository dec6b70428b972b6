// SPDX-License-Identifier: Apache-2.0
// The network that the program ships, inside the program: no file is looked up when it runs.
    .section .rodata
    .global capillaryx_shipped_network
    .global capillaryx_shipped_network_end
    .balign 64
capillaryx_shipped_network:
    .incbin CAPILLARYX_NETWORK_FILE
capillaryx_shipped_network_end:
    .byte 0
    .section .note.GNU-stack, "", %progbits
