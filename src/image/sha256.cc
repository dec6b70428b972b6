// SPDX-License-Identifier: Apache-2.0
#include <nettle/sha2.h>

#include <array>

#include "image/byte_source.h"
#include "image/image.h"

namespace capillaryx {
namespace {

std::string hex_of(sha256_ctx context) {
  std::array<std::uint8_t, SHA256_DIGEST_SIZE> digest{};
  sha256_digest(&context, digest.size(), digest.data());
  std::string hex;
  hex.reserve(2 * digest.size());
  for (const std::uint8_t byte : digest) {
    hex += "0123456789abcdef"[byte >> 4U];
    hex += "0123456789abcdef"[byte & 15U];
  }
  return hex;
}

}  // namespace

std::string sha256_hex(std::span<const std::uint8_t> bytes) {
  sha256_ctx context;
  sha256_init(&context);
  sha256_update(&context, bytes.size(), bytes.data());
  return hex_of(context);
}

std::string sha256_hex(const OpenFile& file) {
  const ByteSource source(file);
  Sha256 hash;
  std::vector<std::uint8_t> piece(std::size_t{1} << 20U);
  for (std::uint64_t at = 0; at < source.size();) {
    const std::size_t got = source.read(at, piece.data(), piece.size());
    hash.update({reinterpret_cast<const char*>(piece.data()), got});
    at += got;
  }
  return hash.hex();
}

struct Sha256::State {
  sha256_ctx context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) { sha256_init(&state_->context); }
Sha256::~Sha256() = default;

void Sha256::update(std::string_view bytes) {
  sha256_update(&state_->context, bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()));
}

std::string Sha256::hex() const { return hex_of(state_->context); }

}  // namespace capillaryx
