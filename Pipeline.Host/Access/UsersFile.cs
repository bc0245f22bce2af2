using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Pipeline.Host.Access;

/// <summary>Who is in the users file: a person with a password, or a machine with a token.</summary>
/// <param name="Name">Who; 1 to 100 characters.</param>
/// <param name="Role">One of <see cref="Role.Rights"/>.</param>
/// <param name="Password">Salted hash of the password (PBKDF2, HMAC-SHA512); null of a machine.</param>
/// <param name="Token">SHA-256 of the token; null of a person.</param>
internal sealed record User(string Name, string Role, string? Password = null, string? Token = null)
{
    /// <summary>Changes with the password and the role: a session that began with another one is over.</summary>
    public string Stamp => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{Role}\n{Password}")))[..16];
}

/// <summary>The users and machines that may sign in, as a JSON file: <c>{"users":[{"name":"n12","role":"nurse","password":"…"}]}</c>. Immutable.</summary>
internal sealed class UsersFile
{
    /// <summary>Fewest characters of a password (NIST SP 800-63B: 8 at least).</summary>
    public const int ShortestPassword = 12;

    private const int MostName = 100, LongestPassword = 1_000;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
    };

    // OWASP's least for PBKDF2 with HMAC-SHA512: https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
    private static readonly PasswordHasher<User> Hasher = new(Options.Create(new PasswordHasherOptions { IterationCount = 210_000 }));

    // Somebody who is not in the file costs as long as somebody who is.
    private static readonly User Nobody = new("", "", Hasher.HashPassword(new User("", ""), "nobody"));

    private readonly Dictionary<string, User> _byToken;

    private UsersFile(IReadOnlyList<User> users)
    {
        Users = users;
        _byToken = users.Where(user => user.Token is not null).ToDictionary(user => user.Token ?? "", StringComparer.Ordinal);
    }

    private sealed record Written(List<User>? Users);

    /// <summary>All, in order of their names.</summary>
    public IReadOnlyList<User> Users { get; }

    /// <summary>Reads the file's text; an empty one holds nobody.</summary>
    /// <exception cref="FormatException">It is no users file; says why.</exception>
    public static UsersFile Parse(string text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return new UsersFile([]);
        List<User> users;
        try
        {
            users = JsonSerializer.Deserialize<Written>(text, Json)?.Users ?? throw new FormatException("""no users file: {"users":[…]} is wanted""");
        }
        catch (JsonException fault)
        {
            throw new FormatException($"no users file: {fault.Message}", fault);
        }
        foreach (var user in users)
            if (FindFault(user) is { } fault)
                throw new FormatException($"user '{user?.Name}': {fault}");
        if (users.GroupBy(user => user.Name, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw new FormatException($"user '{twice.Key}' stands there {twice.Count()} times");
        return new UsersFile([.. users.OrderBy(user => user.Name, StringComparer.Ordinal)]);
    }

    /// <summary>The file's text.</summary>
    public override string ToString() => JsonSerializer.Serialize(new Written([.. Users]), Json) + "\n";

    /// <summary>The person with that name and password; null when there is none.</summary>
    public User? Verify(string name, string password)
    {
        var user = Users.FirstOrDefault(one => one.Name == name && one.Password is not null);
        var verified = password.Length <= LongestPassword &&
            Hasher.VerifyHashedPassword(user ?? Nobody, user?.Password ?? Nobody.Password ?? "", password) != PasswordVerificationResult.Failed;
        return verified ? user : null;
    }

    /// <summary>The machine with that token; null when there is none.</summary>
    public User? FindToken(string token) => _byToken.GetValueOrDefault(HashOf(token));

    /// <summary>The person with that name; null when there is none.</summary>
    public User? Find(string name) => Users.FirstOrDefault(one => one.Name == name && one.Password is not null);

    /// <summary>These with a person, in the place of one of the same name.</summary>
    /// <exception cref="ArgumentException">A name, role or password that cannot be; says what is wanted.</exception>
    public UsersFile WithPerson(string name, string role, string password)
    {
        if (password.Length is < ShortestPassword or > LongestPassword)
            throw new ArgumentException($"a password of {ShortestPassword} to {LongestPassword} characters is wanted", nameof(password));
        return With(new User(name, role, Hasher.HashPassword(Nobody, password)));
    }

    /// <summary>These with a machine, in the place of one of the same name; and its token, which is kept nowhere.</summary>
    /// <exception cref="ArgumentException">A name or role that cannot be; says what is wanted.</exception>
    public (UsersFile Users, string Token) WithMachine(string name, string role)
    {
        var token = $"pipeline-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32))}";
        return (With(new User(name, role, Token: HashOf(token))), token);
    }

    /// <summary>These without somebody.</summary>
    public UsersFile Without(string name) => new([.. Users.Where(user => user.Name != name)]);

    private UsersFile With(User user) => FindFault(user) is { } fault
        ? throw new ArgumentException(fault, nameof(user))
        : new UsersFile([.. Users.Where(one => one.Name != user.Name).Append(user).OrderBy(one => one.Name, StringComparer.Ordinal)]);

    private static string? FindFault(User? user) =>
        user?.Name is not { Length: > 0 and <= MostName } name || name.Any(char.IsControl) || name != name.Trim() ? $"a name of 1 to {MostName} characters is wanted"
        : user.Role is null || !Role.Rights.ContainsKey(user.Role) ? $"there is no role '{user.Role}'; there are: {Role.Names}"
        : user is { Password: null } == user is { Token: null } ? "a password or a token is wanted"
        : null;

    // The token is random and long: a fast hash is enough.
    private static string HashOf(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
