import Crypto

/// The key of one day, region and service, derived from a secret access key. Source: AWS, "Create a signed AWS API request", step 3.
struct SigningKey {
    private let key: SymmetricKey

    /// `date` is `yyyyMMdd`.
    init(secretAccessKey: String, date: some StringProtocol, scope: SigV4Scope) {
        var key = SymmetricKey(data: Array("AWS4\(secretAccessKey)".utf8))
        for part in [String(date), scope.region, scope.service, SigV4.terminator] {
            key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key))
        }
        self.key = key
    }

    /// 64 lower-case hexadecimal digits.
    func signature(of stringToSign: String) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let code = HMAC<SHA256>.authenticationCode(for: Array(stringToSign.utf8), using: key)
        return String(decoding: code.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// Takes the same time whatever the signature's bytes are.
    func isSignature(_ signature: [UInt8], of stringToSign: String) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: Array(stringToSign.utf8), using: key)
    }
}
