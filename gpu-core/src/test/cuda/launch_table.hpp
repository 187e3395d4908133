// Written by LaunchTableTest: what the launchers choose on a device of 132 multiprocessors with 227 KiB of shared
// memory a block. align: length bins block_size kernel blocks threads shared, of one segment; large: chunk_ids
// chunks and the writing kernels for it; span: segments value; cached: experts slots value; shares: ids segments
// resident value; regions: experts any, regions cells copies shared blocks for 100,000 tokens; product: layers
// experts, tiles words parts for as many.
#pragma once

inline const char* LAUNCH_TABLE = R"(
align 1 1 7 align_cluster_8k_b8 8 256 4496
align 1 64 7 align_cluster_8k_b8 8 256 6544
align 1 128 7 align_cluster_8k_b8 8 256 8592
align 1 129 7 align_cluster_8k_b8 8 256 8592
align 1 256 7 align_cluster_8k_b8 8 256 12688
align 1 257 7 align_cluster_8k_b8 8 256 12688
align 1 512 7 align_cluster_32k_b10 8 1024 58128
align 1 513 7 align_cluster_32k_b10 8 1024 58128
align 1 1025 7 align_cluster_32k_b10 8 1024 99088
align 512 1 64 align_short_b8 8 256 4464
align 512 64 64 align_short_b8 8 256 6256
align 512 128 64 align_short_b8 8 256 8048
align 512 129 64 align_short_b8 8 256 8048
align 512 256 64 align_short_b8 8 256 11632
align 512 257 64 align_short_b8 8 256 11632
align 512 512 64 align_short_b10 8 256 18800
align 512 513 64 align_short_b10 8 256 18800
align 512 1025 64 align_short_b10 8 256 33136
align 1024 1 64 align_short_b8 8 256 4464
align 1024 64 64 align_short_b8 8 256 6256
align 1024 128 64 align_short_b8 8 256 8048
align 1024 129 64 align_short_b8 8 256 8048
align 1024 256 64 align_short_b8 8 256 11632
align 1024 257 64 align_short_b8 8 256 11632
align 1024 512 64 align_short_b10 8 256 18800
align 1024 513 64 align_short_b10 8 256 18800
align 1024 1025 64 align_short_b10 8 256 33136
align 1025 1 7 align_cluster_8k_b8 8 256 4496
align 1025 64 7 align_cluster_8k_b8 8 256 6544
align 1025 128 7 align_cluster_8k_b8 8 256 8592
align 1025 129 7 align_cluster_8k_b8 8 256 8592
align 1025 256 7 align_cluster_8k_b8 8 256 12688
align 1025 257 7 align_cluster_8k_b8 8 256 12688
align 1025 512 7 align_cluster_32k_b10 8 1024 58128
align 1025 513 7 align_cluster_32k_b10 8 1024 58128
align 1025 1025 7 align_cluster_32k_b10 8 1024 99088
align 8192 1 64 align_cluster_8k_b8 8 256 4496
align 8192 64 64 align_cluster_8k_b8 8 256 6544
align 8192 128 64 align_cluster_8k_b8 8 256 8592
align 8192 129 64 align_cluster_8k_b8 8 256 8592
align 8192 256 64 align_cluster_8k_b8 8 256 12688
align 8192 257 64 align_cluster_8k_b8 8 256 12688
align 8192 512 64 align_cluster_32k_b10 8 1024 58128
align 8192 513 64 align_cluster_32k_b10 8 1024 58128
align 8192 1025 64 align_cluster_32k_b10 8 1024 99088
align 8193 1 7 align_cluster_32k_b8 8 512 16912
align 8193 64 7 align_cluster_32k_b8 8 512 19984
align 8193 128 7 align_cluster_32k_b8 8 512 23056
align 8193 129 7 align_cluster_32k_b8 8 512 23056
align 8193 256 7 align_cluster_32k_b8 8 512 29200
align 8193 257 7 align_cluster_32k_b8 8 512 29200
align 8193 512 7 align_cluster_32k_b10 8 1024 58128
align 8193 513 7 align_cluster_32k_b10 8 1024 58128
align 8193 1025 7 align_cluster_32k_b10 8 1024 99088
align 32767 1 7 align_cluster_32k_b8 8 512 16912
align 32767 64 7 align_cluster_32k_b8 8 512 19984
align 32767 128 7 align_cluster_32k_b8 8 512 23056
align 32767 129 7 align_cluster_32k_b8 8 512 23056
align 32767 256 7 align_cluster_32k_b8 8 512 29200
align 32767 257 7 align_cluster_32k_b8 8 512 29200
align 32767 512 7 align_cluster_32k_b10 8 1024 58128
align 32767 513 7 align_cluster_32k_b10 8 1024 58128
align 32767 1025 7 align_cluster_32k_b10 8 1024 99088
align 32768 1 64 align_cluster_32k_b8 8 512 16912
align 32768 64 64 align_cluster_32k_b8 8 512 19984
align 32768 128 64 align_cluster_32k_b8 8 512 23056
align 32768 129 64 align_cluster_32k_b8 8 512 23056
align 32768 256 64 align_cluster_32k_b8 8 512 29200
align 32768 257 64 align_cluster_32k_b8 8 512 29200
align 32768 512 64 align_cluster_32k_b10 8 1024 58128
align 32768 513 64 align_cluster_32k_b10 8 1024 58128
align 32768 1025 64 align_cluster_32k_b10 8 1024 99088
large 524288 1 2048 256
write 524288 1 large_write_w8_b8 256 256 8560
ep 524288 1 ep_large_w8_b8 256 256 8560
large 524288 64 2048 256
write 524288 64 large_write_w8_b8 256 256 10352
ep 524288 64 ep_large_w8_b8 256 256 10352
large 524288 128 2048 256
write 524288 128 large_write_w8_b8 256 256 12144
ep 524288 128 ep_large_w8_b8 256 256 12144
large 524288 129 2048 256
write 524288 129 large_write_w8_b8 256 256 12144
ep 524288 129 ep_large_w8_b8 256 256 12144
large 524288 256 2048 256
write 524288 256 large_write_w8_b8 256 256 15728
ep 524288 256 ep_large_w8_b8 256 256 15728
large 524288 257 2048 256
write 524288 257 large_write_w8_b8 256 256 15728
ep 524288 257 ep_large_w8_b8 256 256 15728
large 524288 512 2048 256
write 524288 512 large_write_w8_b10 256 256 22896
ep 524288 512 ep_large_w8_b10 256 256 22896
large 524288 513 2048 256
write 524288 513 large_write_w8_b10 256 256 22896
ep 524288 513 ep_large_w8_b10 256 256 22896
large 524288 1025 2048 256
write 524288 1025 large_write_w8_b10 256 256 37232
ep 524288 1025 ep_large_w8_b10 256 256 37232
large 8388608 1 31872 264
write 8388608 1 large_write_w16_b7 264 512 33264
ep 8388608 1 ep_large_w16_b7 264 512 66032
large 8388608 64 31872 264
write 8388608 64 large_write_w16_b7 264 512 36080
ep 8388608 64 ep_large_w16_b7 264 512 68848
large 8388608 128 31872 264
write 8388608 128 large_write_w16_b7 264 512 38896
ep 8388608 128 ep_large_w16_b7 264 512 71664
large 8388608 129 31872 264
write 8388608 129 large_write_w16_b7 264 512 38896
ep 8388608 129 ep_large_w16_b7 264 512 71664
large 8388608 256 31872 264
write 8388608 256 large_write_w16_b8 264 512 77296
ep 8388608 256 ep_large_w16_b8 264 512 77296
large 8388608 257 31872 264
write 8388608 257 large_write_w16_b8 264 512 77296
ep 8388608 257 ep_large_w16_b8 264 512 77296
large 8388608 512 31872 264
write 8388608 512 large_write_w16_b9 264 512 88560
ep 8388608 512 ep_large_w16_b10 264 512 88560
large 8388608 513 31872 264
write 8388608 513 large_write_w16_b9 264 512 88560
ep 8388608 513 ep_large_w16_b10 264 512 88560
large 8388608 1025 31872 264
write 8388608 1025 large_write_w16_b10 264 512 111088
ep 8388608 1025 ep_large_w16_b10 264 512 111088
large 16777216 1 63616 264
write 16777216 1 large_write_w16_b7 264 512 33264
ep 16777216 1 ep_large_w16_b7 264 512 66032
large 16777216 64 63616 264
write 16777216 64 large_write_w16_b7 264 512 36080
ep 16777216 64 ep_large_w16_b7 264 512 68848
large 16777216 128 63616 264
write 16777216 128 large_write_w16_b7 264 512 38896
ep 16777216 128 ep_large_w16_b7 264 512 71664
large 16777216 129 63616 264
write 16777216 129 large_write_w16_b7 264 512 38896
ep 16777216 129 ep_large_w16_b7 264 512 71664
large 16777216 256 63616 264
write 16777216 256 large_write_w16_b8 264 512 77296
ep 16777216 256 ep_large_w16_b8 264 512 77296
large 16777216 257 63616 264
write 16777216 257 large_write_w16_b8 264 512 77296
ep 16777216 257 ep_large_w16_b8 264 512 77296
large 16777216 512 63616 264
write 16777216 512 large_write_w16_b9 264 512 88560
ep 16777216 512 ep_large_w16_b10 264 512 88560
large 16777216 513 63616 264
write 16777216 513 large_write_w16_b9 264 512 88560
ep 16777216 513 ep_large_w16_b10 264 512 88560
large 16777216 1025 63616 264
write 16777216 1025 large_write_w16_b10 264 512 111088
ep 16777216 1025 ep_large_w16_b10 264 512 111088
span 1 1
shares 8 1 528 1
span 8447 1
shares 67576 8447 528 10
span 8448 2
shares 67584 8448 528 10
span 10000 2
shares 80000 10000 528 11
span 100000 16
shares 800000 100000 528 110
span 1000000 32
shares 8000000 1000000 528 528
cached 1 1 1
cached 1 2 2
cached 1 58 64
cached 1 1000000 8192
cached 256 1 1
cached 256 2 2
cached 256 58 64
cached 256 1000000 128
cached 1024 1 1
cached 1024 2 2
cached 1024 58 32
cached 1024 1000000 32
regions 1 0 1 1 8 36 49
regions 1 1 1 1 8 16420 49
regions 64 0 1 2080 8 66816 49
regions 64 1 1 2080 8 83200 49
regions 256 0 1 32896 1 132608 49
regions 256 1 1 32896 1 148992 49
regions 339 0 1 57630 1 231876 49
regions 339 1 2 28950 1 133540 98
regions 340 0 2 29050 1 117560 98
regions 340 1 2 29050 1 133944 98
regions 512 0 3 44175 1 178748 132
regions 512 1 3 44175 1 195132 132
regions 1000 0 9 56347 1 229388 126
regions 1000 1 10 50674 1 223080 130
regions 1024 0 10 53095 1 216476 130
regions 1024 1 11 48165 1 213140 132
product 2 60 1 3136 49
product 2 64 1 3136 49
product 2 256 2 3136 49
product 2 1024 32 3136 17
product 5 60 3 3136 49
product 5 64 3 3136 49
product 5 256 20 3136 27
product 5 1024 320 3136 2
product 58 60 210 3136 3
product 58 64 225 3136 3
product 58 256 3306 3136 1
product 58 1024 52896 3136 1
)";
