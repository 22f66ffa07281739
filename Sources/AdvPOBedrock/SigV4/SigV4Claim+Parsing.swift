extension SigV4Claim {
    /// What is read of a request's signature at most; beyond that it is refused.
    private enum Limits {
        static let headers = 256
        static let headerBytes = 128 * 1024
        static let pathBytes = 32 * 1024
        static let queryBytes = 32 * 1024
        static let authorizationBytes = 8 * 1024
        static let credentialPartBytes = 128
        static let signedHeaders = 100
        static let tokenBytes = 16 * 1024
        static let expiresSeconds = 1...604_800
    }

    /// The parts of a signature before their own forms are looked at.
    private struct Parts {
        var credential: String
        var signedHeaders: String
        var signature: String
        var time: Int64
        var expiresSeconds: Int?
        var payload: [String]
        var tokens: [String]
    }

    /// Nil when the request has no signature of Signature Version 4 at all.
    ///
    /// Throws for one that is ill-formed, of a kind that is not supported (Signature Version 2 and 4A, chunked `STREAMING-*` bodies) or ambiguous, with the signature in headers and query at once.
    package init?(_ request: SigV4Request) throws(SigV4Rejection) {
        let authorizations = request.values(ofHeader: SigV4.authorizationHeader)
        guard request.query.utf8.count <= Limits.queryBytes else { throw .form("The query is longer than \(Limits.queryBytes) bytes.") }
        let parameters = Self.parameters(request.query)
        let marks: [SigV4.Parameter] = [.algorithm, .credential, .signature]
        let isPresigned = parameters.contains { marks.contains($0.parameter) }
        var isSigned = false
        for authorization in authorizations where try Self.isSigned(authorization) { isSigned = true }
        guard isPresigned || isSigned else { return nil }
        try Self.checkSize(request)
        guard authorizations.count + (isPresigned ? 1 : 0) == 1, let first = isPresigned ? "" : authorizations.first else {
            throw .form("Only one auth mechanism is allowed: one Authorization header, or the X-Amz-* parameters of a presigned URL. Send one of them.")
        }
        let parts = try isPresigned ? Self.presigned(parameters, request) : Self.header(first, request)

        let credential = try Self.credential(parts.credential)
        accessKeyID = credential.accessKeyID
        scope = credential.scope
        secondsSince1970 = parts.time
        expiresSeconds = parts.expiresSeconds
        signedHeaders = try Self.signedHeaders(parts.signedHeaders)
        signature = try Self.signature(parts.signature)
        declaredPayload = try Self.payload(parts.payload)
        sessionToken = try Self.token(parts.tokens)
        let date = Timestamp.basic(secondsSince1970: parts.time).prefix(8)
        guard ASCII.areEqual(credential.date, date) else {
            throw SigV4Rejection(
                .invalidSignature, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \(SigV4Rejection.quoted(credential.date)) != '\(date)'.")
        }
    }

    private static func checkSize(_ request: SigV4Request) throws(SigV4Rejection) {
        guard request.headers.count <= Limits.headers else { throw .form("There are more than \(Limits.headers) headers.") }
        let bytes = request.headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
        guard bytes <= Limits.headerBytes else { throw .form("The headers are longer than \(Limits.headerBytes) bytes.") }
        guard request.path.utf8.count <= Limits.pathBytes else { throw .form("The path is longer than \(Limits.pathBytes) bytes.") }
    }

    // MARK: Where the parts stand

    /// Whether an Authorization header is of AWS's kind. Throws for the kinds that are not supported.
    private static func isSigned(_ authorization: String) throws(SigV4Rejection) -> Bool {
        let scheme = authorization.utf8.drop(while: ASCII.isBlank).prefix { !ASCII.isBlank($0) }
        if scheme.elementsEqual(SigV4.algorithm.utf8) { return true }
        let lowercased = ASCII.lowercased(String(decoding: scheme, as: UTF8.self))
        guard lowercased.starts(with: "aws4-".utf8) || lowercased.elementsEqual("aws".utf8) else { return false }
        throw unsupported(algorithm: String(decoding: scheme, as: UTF8.self))
    }

    private static func unsupported(algorithm: String) -> SigV4Rejection {
        if ASCII.areEqual(algorithm, SigV4.asymmetricAlgorithm) {
            return .form("Signature Version 4A (\(SigV4.asymmetricAlgorithm)) is not supported. Sign with \(SigV4.algorithm): set the client's signature version to 'v4'.")
        }
        if ASCII.areEqual(algorithm, "AWS") { return .form("Signature Version 2 is not supported. Sign with \(SigV4.algorithm): set the client's signature version to 'v4'.") }
        return .form("The signing algorithm \(SigV4Rejection.quoted(algorithm)) is not supported. Sign with \(SigV4.algorithm).")
    }

    private static func header(_ authorization: String, _ request: SigV4Request) throws(SigV4Rejection) -> Parts {
        guard authorization.utf8.count <= Limits.authorizationBytes else { throw .form("The Authorization header is longer than \(Limits.authorizationBytes) bytes.") }
        let text = Array(authorization.utf8.drop(while: ASCII.isBlank).dropFirst(SigV4.algorithm.utf8.count))
        var fields: [String: String] = [:]
        for field in text.split(separator: UInt8(ascii: ","), maxSplits: 8) {
            let trimmed = field.drop(while: ASCII.isBlank).reversed().drop(while: ASCII.isBlank).reversed()
            let pair = Array(trimmed).split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(decoding: pair.first ?? [], as: UTF8.self)
            guard pair.count == 2, ["Credential", "SignedHeaders", "Signature"].contains(where: { ASCII.areEqual($0, name) }), fields[name] == nil else {
                throw .form(
                    "The Authorization header must be '\(SigV4.algorithm) Credential=..., SignedHeaders=..., Signature=...', each once; it has \(SigV4Rejection.quoted(name, limit: 40)).")
            }
            fields[name] = String(decoding: pair[1], as: UTF8.self)
        }
        guard let credential = fields["Credential"], let signedHeaders = fields["SignedHeaders"], let signature = fields["Signature"] else {
            let missing = ["Credential", "SignedHeaders", "Signature"].filter { fields[$0] == nil }
            throw .form(missing.map { "Authorization header requires '\($0)' parameter." }.joined(separator: " "))
        }
        return Parts(
            credential: credential, signedHeaders: signedHeaders, signature: signature, time: try headerTime(request), expiresSeconds: nil,
            payload: request.values(ofHeader: SigV4.payloadHeader), tokens: request.values(ofHeader: SigV4.tokenHeader))
    }

    private static func headerTime(_ request: SigV4Request) throws(SigV4Rejection) -> Int64 {
        let dates = request.values(ofHeader: SigV4.dateHeader)
        let values = dates.isEmpty ? request.values(ofHeader: "date") : dates
        guard values.count <= 1 else { throw .form("There is more than one date header. Send one 'X-Amz-Date'.") }
        guard let value = values.first else { throw .form("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.") }
        let trimmed = String(decoding: ASCII.collapsingBlanks(value.utf8.prefix(100)), as: UTF8.self)
        if let time = Timestamp.secondsSince1970(basic: trimmed) { return time }
        if dates.isEmpty, let time = Timestamp.secondsSince1970(httpDate: trimmed) { return time }
        throw .form("The date must be in ISO-8601 'basic format', as in 20150830T123600Z. Got \(SigV4Rejection.quoted(value)).")
    }

    /// The query's parameters of AWS's names, decoded, in order.
    private static func parameters(_ query: String) -> [(parameter: SigV4.Parameter, value: String)] {
        query.utf8.split(separator: UInt8(ascii: "&")).compactMap { pair in
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let name = PercentEncoding.decoded(parts[0])
            guard let parameter = SigV4.Parameter.allCases.first(where: { name.elementsEqual($0.rawValue.utf8) }) else { return nil }
            return (parameter, parts.count > 1 ? String(decoding: PercentEncoding.decoded(parts[1]), as: UTF8.self) : "")
        }
    }

    private static func presigned(_ parameters: [(parameter: SigV4.Parameter, value: String)], _ request: SigV4Request) throws(SigV4Rejection) -> Parts {
        var values: [SigV4.Parameter: String] = [:]
        for (parameter, value) in parameters {
            guard values.updateValue(value, forKey: parameter) == nil else { throw .form("The query parameter '\(parameter.rawValue)' is there more than once.") }
        }
        guard let algorithm = values[.algorithm], let credential = values[.credential], let date = values[.date], let expires = values[.expires],
            let signedHeaders = values[.signedHeaders], let signature = values[.signature]
        else {
            let missing = [SigV4.Parameter.algorithm, .credential, .date, .expires, .signedHeaders, .signature].filter { values[$0] == nil }
            throw .form("A presigned request requires the query parameters X-Amz-*; missing: \(missing.map(\.rawValue).joined(separator: ", ")).")
        }
        guard ASCII.areEqual(algorithm, SigV4.algorithm) else { throw unsupported(algorithm: algorithm) }
        guard let time = Timestamp.secondsSince1970(basic: date) else {
            throw .form("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\", as in 20150830T123600Z. Got \(SigV4Rejection.quoted(date)).")
        }
        guard (1...6).contains(expires.utf8.count), expires.utf8.allSatisfy({ (48...57).contains($0) }), let seconds = Int(expires), Limits.expiresSeconds.contains(seconds) else {
            throw .form("X-Amz-Expires must be a number of seconds from 1 to 604800 (seven days). Got \(SigV4Rejection.quoted(expires)).")
        }
        return Parts(
            credential: credential, signedHeaders: signedHeaders, signature: signature, time: time, expiresSeconds: seconds,
            payload: (values[.payload].map { [$0] } ?? []) + request.values(ofHeader: SigV4.payloadHeader),
            tokens: (values[.securityToken].map { [$0] } ?? []) + request.values(ofHeader: SigV4.tokenHeader))
    }

    // MARK: The form of each part

    private static func credential(_ text: String) throws(SigV4Rejection) -> (accessKeyID: String, date: String, scope: SigV4Scope) {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 5, parts.allSatisfy({ (1...Limits.credentialPartBytes).contains($0.count) && $0.allSatisfy(ASCII.isGraphic) }),
            parts[4].elementsEqual(SigV4.terminator.utf8)
        else {
            throw .form("Credential must have the form '<access key id>/<yyyyMMdd>/<region>/<service>/\(SigV4.terminator)'. Got \(SigV4Rejection.quoted(text, limit: 200)).")
        }
        let words = parts.map { String(decoding: $0, as: UTF8.self) }
        return (words[0], words[1], SigV4Scope(region: words[2], service: words[3]))
    }

    private static func signedHeaders(_ text: String) throws(SigV4Rejection) -> [String] {
        let names = text.utf8.split(separator: UInt8(ascii: ";"), maxSplits: Limits.signedHeaders, omittingEmptySubsequences: false)
        guard names.count <= Limits.signedHeaders else { throw .form("SignedHeaders names more than \(Limits.signedHeaders) headers.") }
        guard names.allSatisfy({ !$0.isEmpty && $0.allSatisfy(isNameByte) }), zip(names, names.dropFirst()).allSatisfy({ $0.lexicographicallyPrecedes($1) }) else {
            throw .form("SignedHeaders must be lower-case names, sorted, each once, with ';' between them. Got \(SigV4Rejection.quoted(text, limit: 200)).")
        }
        return names.map { String(decoding: $0, as: UTF8.self) }
    }

    /// A byte of an HTTP header's name (RFC 9110's `token`) in lower case.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    private static func signature(_ text: String) throws(SigV4Rejection) -> [UInt8] {
        let digits = Array(text.utf8)
        guard digits.count == 64, digits.allSatisfy(isHexadecimal) else {
            throw .form("Signature must be 64 lower-case hexadecimal digits. Got \(digits.count) bytes.")
        }
        func value(_ digit: UInt8) -> UInt8 { digit <= UInt8(ascii: "9") ? digit - UInt8(ascii: "0") : digit - UInt8(ascii: "a") + 10 }
        return stride(from: 0, to: digits.count, by: 2).map { value(digits[$0]) << 4 | value(digits[$0 + 1]) }
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte) }

    private static func payload(_ values: [String]) throws(SigV4Rejection) -> SigV4DeclaredPayload {
        guard let value = values.first else { return .none }
        guard values.count == 1 else { throw .form("'\(SigV4.payloadHeader)' is there more than once. Send it once.") }
        if ASCII.areEqual(value, SigV4.unsignedPayload) { return .unsigned }
        if value.utf8.starts(with: SigV4.streamingPrefix.utf8) {
            throw .form("Chunked signing (\(SigV4Rejection.quoted(value))) is not supported: send the body in one piece, with its SHA-256 or '\(SigV4.unsignedPayload)' in '\(SigV4.payloadHeader)'.")
        }
        guard value.utf8.count == 64, value.utf8.allSatisfy(isHexadecimal) else {
            throw .form("'\(SigV4.payloadHeader)' must be \(SigV4.unsignedPayload) or a SHA-256 in 64 lower-case hexadecimal digits. Got \(SigV4Rejection.quoted(value)).")
        }
        return .sha256(value)
    }

    private static func token(_ values: [String]) throws(SigV4Rejection) -> String? {
        guard values.count <= 1 else { throw .form("'\(SigV4.tokenHeader)' is there more than once.") }
        guard (values.first?.utf8.count ?? 0) <= Limits.tokenBytes else { throw .form("'\(SigV4.tokenHeader)' is longer than \(Limits.tokenBytes) bytes.") }
        return values.first
    }
}

extension SigV4Rejection {
    /// A signature that does not have the form that AWS gives it.
    fileprivate static func form(_ message: String) -> SigV4Rejection { SigV4Rejection(.incompleteSignature, message) }
}
