// Runs the operators on awkward batches and compares everything they write with a plain loop; outputs are poisoned and
// guarded. Usage: contract <folder of the PTX files> [small [n]]
// small: few and short, for compute-sanitizer; n: only every n-th case of those
#include "checks.hpp"
#include "launch_table_check.hpp"

int main(int argc, char** argv) {
    driver::folder = argc > 1 ? argv[1] : ".";
    bool small = argc > 2 && std::string(argv[2]) == "small";
    size_t every = argc > 3 ? std::atoi(argv[3]) : 1, turn = 0;
    if (!launches_as_the_table_says()) return 1;
    driver::open();
    std::mt19937_64 random(small ? 1 : 20);
    const int experts[] = {1, 3, 64, 129, 256, 384, 512, 896, 1000, 1024}, blocks[] = {1, 16, 48, 64, 128, 256, 7};
    std::vector<std::vector<int>> batches = {{0}, {1}, {7}, {33}, {512}, {1024}, {1025}, {8191}, {8193}, {32768}, {31, 32, 33}, {0, 0, 5, 0}, {1023, 1024, 1025}, {513, 0, 8191, 8192, 8193}};
    std::vector<int> mixed;
    for (int i = 0; i < (small ? 40 : 300); i++) mixed.push_back(static_cast<int>(random() % (i % 10 == 0 ? 9000 : 600)));
    batches.push_back(mixed);
    if (!small) {
        batches.push_back({65537});
        batches.push_back({200000, 3, 70000, 0, 100});
        batches.push_back({3000000});
    }
    for (const auto& lengths : batches) {
        int most = *std::max_element(lengths.begin(), lengths.end());
        for (int e = 0; e < 10; e++) {
            for (int policy = 0; policy < 5; policy++) {
                if (small && ((e + policy + lengths.size()) % 7 || turn++ % every)) continue;
                if (most > 1000000 && (e + policy) % 8) continue;
                int type = static_cast<int>(random() % 7);
                Skew skew = static_cast<Skew>(random() % 3);
                Call c = make_call(experts[e], type, policy, random);
                Odd odd;
                if (random() % 2) odd.masked = random() % 2 ? 0.001 : 0.3;
                if (random() % 2) odd.invalid = random() % 2 ? 0.001 : 0.2;
                for (int n : lengths) add_segment(c, n, skew, odd, random);
                int block = blocks[random() % 7], warps = random() % 2 ? 8 : 32;
                int large_from = small ? 1000 : random() % 2 ? 3000 : 60000;
                bool alone = random() % 2;
                check_align(c, block, warps, large_from, alone, label_of(c, policy, skew, text(lengths)) + " B " +
                    std::to_string(block) + " warps " + std::to_string(warps) + " large from " + std::to_string(large_from) + " alone " + std::to_string(alone));
                if (c.first == 0 && policy < 3) {
                    bool narrow = most <= 65535 && large_from > most && random() % 2;
                    check_compact(c, narrow, random() % 2 ? 512 : 3000, random() % 2 ? 16 : warps, large_from, label_of(c, policy, skew, text(lengths)));
                }
                if (policy == 0 || policy == 2) check_forms(experts[e], type, lengths, skew, odd, large_from, random);
            }
        }
    }
    for (int type = 0; type < 7; type++) {
        for (int length : {1, 2, 8, 10, 32}) check_rows(777, length, 16, type, type % 4, random);
        check_rows(1000, 8, 256, type, 0, random);
    }
    std::printf("%d cases, %d wrong\n", cases, failures);
    return failures ? 1 : 0;
}
