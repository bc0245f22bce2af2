using System.Net.Http.Headers;
using System.Text;

namespace Pipeline.Host.Influx;

/// <summary>What is sent as <c>Authorization</c>, read anew at every attempt: a rotated secret is used without a restart.</summary>
internal static class InfluxCredentials
{
    /// <summary>The header, or null when no credentials are configured.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static async ValueTask<AuthenticationHeaderValue?> ReadAsync(InfluxOptions options, CancellationToken stop)
    {
        if (options.Username.Length > 0)
        {
            var password = await SecretAsync(options.Password, options.PasswordFile, stop);
            return new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{options.Username}:{password}")));
        }
        var token = await SecretAsync(options.Token, options.TokenFile, stop);
        return token.Length == 0 ? null : new("Token", token);
    }

    private static async ValueTask<string> SecretAsync(string value, string file, CancellationToken stop) =>
        file.Length == 0 ? value : (await File.ReadAllTextAsync(file, stop)).Trim();
}
