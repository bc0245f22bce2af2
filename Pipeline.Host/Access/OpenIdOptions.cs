using System.ComponentModel.DataAnnotations;

namespace Pipeline.Host.Access;

/// <summary>Section <c>OpenId</c>: sign-in by the house's own directory (OpenID Connect, code flow with PKCE). The redirect address is <c>https://HOST/signin-openid</c>.</summary>
internal sealed class OpenIdOptions : IValidatableObject
{
    public const string Section = "OpenId";

    /// <summary>Address of the provider; not set: there is no sign-in by it.</summary>
    public string? Authority { get; set; }

    /// <summary>Name of this program at the provider.</summary>
    public string? ClientId { get; set; }

    /// <summary>File with the secret of this program; not set for a public client.</summary>
    public string? ClientSecretFile { get; set; }

    /// <summary>The claim that names the user.</summary>
    [Required]
    public string NameClaim { get; set; } = "preferred_username";

    /// <summary>The claim that holds the user's roles or groups.</summary>
    [Required]
    public string RoleClaim { get; set; } = "roles";

    /// <summary>Which role of ours a role or group of the provider is: <c>OpenId:Roles:ward-nurses=nurse</c>. One that is not named counts when it is a role of ours.</summary>
    public Dictionary<string, string> Roles { get; } = new(StringComparer.Ordinal);

    /// <summary>Scopes beside <c>openid</c> and <c>profile</c>, separated by blanks.</summary>
    public string Scopes { get; set; } = "";

    /// <summary>The role of ours with the most rights that one of <paramref name="claimed"/> gives; null when none does.</summary>
    internal string? RoleOf(IEnumerable<string> claimed) => claimed.Select(claim => Roles.GetValueOrDefault(claim, claim)).Where(Role.Rights.ContainsKey)
        .OrderByDescending(role => System.Numerics.BitOperations.PopCount((uint)Role.Rights[role])).FirstOrDefault();

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Authority is not null && !(Uri.TryCreate(Authority, UriKind.Absolute, out var uri) && (uri.Scheme == "https" || (uri.Scheme == "http" && uri.IsLoopback))))
            yield return new ValidationResult("allowed: https://HOST/PATH", [nameof(Authority)]);
        if (Authority is not null && string.IsNullOrWhiteSpace(ClientId))
            yield return new ValidationResult("a value is needed beside OpenId:Authority", [nameof(ClientId)]);
        if (ClientSecretFile is { } file && !File.Exists(file))
            yield return new ValidationResult("there is no such file", [nameof(ClientSecretFile)]);
        foreach (var (claimed, role) in Roles)
            if (!Role.Rights.ContainsKey(role))
                yield return new ValidationResult($"'{claimed}' is to be role '{role}'; there are: {Role.Names}", [nameof(Roles)]);
    }
}
