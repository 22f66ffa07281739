/// Why a keyring file cannot be used. It names the file, the line and the key's ARN, and never what stands there: that may be a key.
package struct KeyringFault: Error, Hashable, Sendable, CustomStringConvertible {
    package let path: String
    package let line: Int?
    package let arn: String?
    package let problem: String
    package let remedy: String

    init(_ path: String, line: Int? = nil, arn: String? = nil, _ problem: String, _ remedy: String) {
        self.path = path
        self.line = line
        self.arn = arn
        self.problem = problem
        self.remedy = remedy
    }

    init(_ fault: PrivateFile.Fault) { self.init(fault.path, fault.problem, fault.remedy) }

    package var description: String {
        "the keyring \(path.visible)" + (line.map { ", line \($0)" } ?? "") + (arn.map { ", key \($0)" } ?? "") + " \(problem): \(remedy)"
    }
}
