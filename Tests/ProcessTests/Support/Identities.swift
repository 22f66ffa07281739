import AdvPOModel
import Foundation

/// Who may use a coordinator that asks for proof.
enum Identities {
    /// May do everything.
    static let admin: JSONValue = ["accessKeyId": "AKIDADMIN", "secretAccessKey": "admin-secret-of-the-test", "bearerToken": "admin-token-of-the-test"]
    /// May only look.
    static let reader: JSONValue = ["accessKeyId": "AKIDREADER", "secretAccessKey": "reader-secret-of-the-test"]
    /// The first one's keys, as AWS's clients find them.
    static let adminEnvironment = ["AWS_ACCESS_KEY_ID": "AKIDADMIN", "AWS_SECRET_ACCESS_KEY": "admin-secret-of-the-test"]

    /// The path of a new credentials file.
    static func write(_ lab: Laboratory) throws -> String {
        let path = try lab.write(
            "credentials.yaml",
            """
            identities:
              - name: admin
                accessKeyId: AKIDADMIN
                secretAccessKey: admin-secret-of-the-test
                bearerToken: admin-token-of-the-test
                allow: ['bedrock:*']
              - name: reader
                accessKeyId: AKIDREADER
                secretAccessKey: reader-secret-of-the-test
                allow: ['bedrock:Get*', 'bedrock:ListAdvancedPromptOptimizationJobs']
            """)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        return path
    }
}
