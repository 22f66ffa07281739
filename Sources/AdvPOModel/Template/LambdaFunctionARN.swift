/// The ARN of a Lambda function, as `evaluationMetricLambdaArn` names it: `arn:aws…:lambda:region:account:function:NAME[:alias]`.
package struct LambdaFunctionARN: Hashable, Sendable, CustomStringConvertible {
    package let partition: String
    package let region: String
    package let account: String
    /// The function's name, by which the catalog finds its folder.
    package let name: String
    /// The version or alias after the name.
    package let alias: String?

    /// Nil unless the text has that form.
    package init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map { String(Substring($0)) }
        guard parts.count == 7 || parts.count == 8, parts[0] == "arn", parts[2] == "lambda", parts[5] == "function" else { return nil }
        guard parts[1] == "aws" || parts[1].hasPrefix("aws-"), Self.holdsOnly(parts[1], extra: "-", upTo: 40) else { return nil }
        guard Self.holdsOnly(parts[3], extra: "-", upTo: 40), parts[4].utf8.count == 12, parts[4].utf8.allSatisfy(JSONParser.isDigit) else { return nil }
        guard Self.holdsOnly(parts[6], extra: "-_", upTo: 140) else { return nil }
        if parts.count == 8 {
            guard Self.holdsOnly(parts[7], extra: "-_$", upTo: 128) else { return nil }
            alias = parts[7]
        } else {
            alias = nil
        }
        (partition, region, account, name) = (parts[1], parts[3], parts[4], parts[6])
    }

    /// One to `limit` ASCII letters, digits and characters of `extra`.
    private static func holdsOnly(_ text: String, extra: String, upTo limit: Int) -> Bool {
        (1...limit).contains(text.utf8.count)
            && text.utf8.allSatisfy { JSONParser.isLetter($0) || JSONParser.isDigit($0) || extra.utf8.contains($0) }
    }

    package var description: String {
        "arn:\(partition):lambda:\(region):\(account):function:\(name)" + (alias.map { ":\($0)" } ?? "")
    }
}
