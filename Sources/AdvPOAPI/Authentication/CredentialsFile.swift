import AdvPOModel
import AdvPOObjects
import Foundation
import Yams

/// The credentials file: who may use the API, and for what.
///
/// YAML with one key, `identities`, a list of mappings: `name`; `accessKeyId` and `secretAccessKey`, or `bearerToken`, or all three; `allow`, a list of
/// IAM actions with `*` as suffix. Every fault of a file is reported at once, and no message holds a secret.
package enum CredentialsFile {
    package static let maximumBytes = 256 * 1024
    package static let maximumIdentities = 1_000
    /// Shorter secrets and tokens could be guessed.
    package static let shortestSecret = 16
    package static let longestSecret = 1_024

    /// Reads and checks the file at `path`, which its owner alone may be able to use.
    package static func load(path: String) throws(Faults) -> Identities {
        let bytes: [UInt8]
        do {
            bytes = try PrivateFile.read(path, maximumBytes: maximumBytes)
        } catch {
            throw Faults(messages: ["the credentials file \(error)"])
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Faults(messages: ["the credentials file \(path) is not UTF-8; save it as UTF-8"])
        }
        return try parse(text, path: path)
    }

    /// Checks the text of a credentials file; `path` serves messages.
    package static func parse(_ text: String, path: String) throws(Faults) -> Identities {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw Faults(messages: ["the credentials file \(path)\(syntaxProblem(error))"])
        }
        var reader = CredentialsReader(path: path)
        let identities = reader.read(root)
        guard reader.messages.isEmpty else { throw Faults(messages: reader.messages) }
        return Identities(identities)
    }

    /// Yams would print the line at fault, which may hold a secret: only its number and the kind of fault are passed on.
    private static func syntaxProblem(_ error: any Error) -> String {
        let remedy = "indent with spaces, and put a space after each colon"
        switch error as? YamlError {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _):
            return ", line \(mark.line), is not YAML; \(remedy)"
        case .duplicatedKeysInMapping(_, let context):
            return ", line \(context.mark.line), has a key twice in one mapping; keep one of them"
        default:
            return " is not YAML; \(remedy)"
        }
    }

    /// All that is wrong with a file.
    package struct Faults: Error, Hashable, Sendable, CustomStringConvertible {
        package let messages: [String]
        package var description: String { messages.joined(separator: "\n") }
    }
}

/// Walks the YAML tree of a credentials file and collects faults.
private struct CredentialsReader {
    let path: String
    private(set) var messages: [String] = []
    private var names: Set<String> = []
    private var accessKeys: Set<String> = []
    private var tokens: Set<ContentHash> = []

    init(path: String) { self.path = path }

    private static let fields = ["name", "accessKeyId", "secretAccessKey", "bearerToken", "allow"]

    mutating func read(_ root: Node?) -> [Identity] {
        guard let mapping = root?.mapping else {
            messages.append("the credentials file \(path) has no 'identities'; write 'identities:' and a list below it")
            return []
        }
        for key in mapping.keys where key.string != "identities" {
            messages.append("the credentials file \(path) has the unknown key \(quoted(key)); its only key is 'identities'")
        }
        guard let list = mapping["identities"]?.sequence, !list.isEmpty else {
            messages.append("the credentials file \(path): 'identities' must be a list with at least one entry, each beginning with '- name:'")
            return []
        }
        guard list.count <= CredentialsFile.maximumIdentities else {
            messages.append("the credentials file \(path) has \(list.count) identities; \(CredentialsFile.maximumIdentities) are allowed")
            return []
        }
        return list.enumerated().compactMap { read($1, position: $0 + 1) }
    }

    private mutating func read(_ node: Node, position: Int) -> Identity? {
        guard let mapping = node.mapping else {
            fault("\(position)", "is no mapping", "write 'name:', the keys and 'allow:' for it")
            return nil
        }
        let before = messages.count
        let name = text("name", in: mapping, of: "\(position)", secret: false)
        let who = name.map { "'\($0.prefix(64))'" } ?? "\(position)"
        for key in mapping.keys where !Self.fields.contains(key.string ?? "") {
            fault(who, "has the unknown field \(quoted(key))", "the fields are \(Self.fields.joined(separator: ", "))")
        }
        if mapping["name"] == nil { fault(who, "has no name", "give it a name of 1 to 64 letters, digits and +=,.@_-") }
        checkName(name, who)
        let keyPair = keyPair(in: mapping, of: who)
        let token = token(in: mapping, of: who)
        if mapping["accessKeyId"] == nil, mapping["secretAccessKey"] == nil, mapping["bearerToken"] == nil {
            fault(who, "has no key and no token", "give it accessKeyId and secretAccessKey, or bearerToken, or all three")
        }
        let allowed = allowed(in: mapping, of: who)
        guard messages.count == before, let name else { return nil }
        return Identity(name: name, keyPair: keyPair, tokenDigest: token, allowed: allowed)
    }

    private mutating func checkName(_ name: String?, _ who: String) {
        // Where the field is there and no text, that was said already.
        guard let name else { return }
        let isWellFormed = (1...64).contains(name.utf8.count) && name.utf8.allSatisfy { isLetterOrDigit($0) || "+=,.@_-".utf8.contains($0) }
        guard isWellFormed else { return fault(who, "name: is not 1 to 64 letters, digits and +=,.@_-", "choose another name") }
        if !names.insert(name).inserted { fault(who, "name: another identity has this name", "give each identity its own") }
    }

    private mutating func keyPair(in mapping: Node.Mapping, of who: String) -> Identity.KeyPair? {
        guard mapping["accessKeyId"] != nil || mapping["secretAccessKey"] != nil else { return nil }
        guard mapping["accessKeyId"] != nil else {
            fault(who, "accessKeyId: is missing, though there is a secretAccessKey", "add it; it is the public half of the pair")
            return nil
        }
        guard mapping["secretAccessKey"] != nil else {
            fault(who, "secretAccessKey: is missing, though there is an accessKeyId", "add it; openssl rand -base64 30 makes a good one")
            return nil
        }
        guard let key = text("accessKeyId", in: mapping, of: who, secret: false), let secret = text("secretAccessKey", in: mapping, of: who, secret: true) else { return nil }
        guard (4...128).contains(key.utf8.count), key.utf8.allSatisfy({ isLetterOrDigit($0) || $0 == UInt8(ascii: "_") }) else {
            fault(who, "accessKeyId: is not 4 to 128 letters, digits and _", "choose another, such as AKID and 16 letters and digits")
            return nil
        }
        if !accessKeys.insert(key).inserted { fault(who, "accessKeyId: another identity has this key", "give each identity its own") }
        checkSecret(secret, "secretAccessKey", who)
        return Identity.KeyPair(accessKeyID: key, secretAccessKey: secret)
    }

    private mutating func token(in mapping: Node.Mapping, of who: String) -> ContentHash? {
        guard mapping["bearerToken"] != nil, let token = text("bearerToken", in: mapping, of: who, secret: true) else { return nil }
        checkSecret(token, "bearerToken", who)
        let digest = ContentHash(of: token.utf8)
        if !tokens.insert(digest).inserted { fault(who, "bearerToken: another identity has this token", "give each identity its own") }
        return digest
    }

    private mutating func checkSecret(_ secret: String, _ field: String, _ who: String) {
        guard secret.utf8.count >= CredentialsFile.shortestSecret else {
            return fault(
                who, "\(field): has fewer than \(CredentialsFile.shortestSecret) characters and could be guessed", "make one with: openssl rand -base64 30")
        }
        guard secret.utf8.count <= CredentialsFile.longestSecret else {
            return fault(who, "\(field): has more than \(CredentialsFile.longestSecret) characters", "make one with: openssl rand -base64 30")
        }
        if !secret.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
            fault(who, "\(field): has blanks or characters beyond ASCII", "make one with: openssl rand -base64 30")
        }
    }

    private mutating func allowed(in mapping: Node.Mapping, of who: String) -> Set<IAMAction> {
        let known = IAMAction.allCases.map(\.rawValue).joined(separator: ", ")
        guard let list = mapping["allow"]?.sequence, !list.isEmpty else {
            fault(who, "allow: must be a list with at least one action", "write allow: ['bedrock:*'] for all, or some of \(known)")
            return []
        }
        var actions: Set<IAMAction> = []
        for (index, entry) in list.enumerated() {
            guard let pattern = entry.string.flatMap(ActionPattern.init) else {
                // What has no colon may be a secret in the wrong place.
                let shown = entry.string?.contains(":") == true ? quoted(entry) : "entry \(index + 1)"
                fault(who, "allow: \(shown) is no action that the API knows", "the actions are \(known); * may stand at the end, as in bedrock:Get*")
                continue
            }
            actions.formUnion(pattern.actions)
        }
        return actions
    }

    /// A field that must be a text; nil when it is not there or is none.
    private mutating func text(_ field: String, in mapping: Node.Mapping, of who: String, secret: Bool) -> String? {
        guard let node = mapping[field] else { return nil }
        guard let scalar = node.scalar, node.null == nil || scalar.style != .plain else {
            fault(who, "\(field): must be a text", secret ? "put it in single quotes" : "write it behind the colon, in single quotes if in doubt")
            return nil
        }
        return scalar.string
    }

    private mutating func fault(_ who: String, _ problem: String, _ remedy: String) {
        messages.append("the credentials file \(path): identity \(who) \(problem); \(remedy)")
    }

    /// Only what looks like a name is shown.
    private func quoted(_ node: Node) -> String {
        guard let text = node.string, (1...64).contains(text.utf8.count), text.utf8.allSatisfy({ isLetterOrDigit($0) || ":*_-".utf8.contains($0) }) else {
            return "in line \(node.mark?.line ?? 0)"
        }
        return "'\(text)'"
    }

    private func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
