using System.Security.Claims;

namespace Pipeline.Host.Access;

/// <summary>What somebody may do. A bit each.</summary>
[Flags]
internal enum Right
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>See values, signals, alarms and history, by pseudonym.</summary>
    See = 1,

    /// <summary>See the display names of beds.</summary>
    Names = 2,

    /// <summary>Acknowledge and pause alarms.</summary>
    Acknowledge = 4,

    /// <summary>Set a patient's limits.</summary>
    Limits = 8,

    /// <summary>Take stretches of signals and values away as files.</summary>
    Export = 16,

    /// <summary>See <c>/metrics</c> and <c>/status</c>.</summary>
    Operate = 32,

    /// <summary>Read the audit.</summary>
    Audit = 64,
}

/// <summary>The roles, and what each may.</summary>
internal static class Role
{
    /// <summary>Every right.</summary>
    private const Right All = Right.See | Right.Names | Right.Acknowledge | Right.Limits | Right.Export | Right.Operate | Right.Audit;

    private const Right Clinical = Right.See | Right.Names | Right.Acknowledge | Right.Limits | Right.Export;

    /// <summary>The table of rights. Engineers and scientists see pseudonyms only.</summary>
    public static IReadOnlyDictionary<string, Right> Rights { get; } = new Dictionary<string, Right>(StringComparer.Ordinal)
    {
        ["nurse"] = Clinical,
        ["midwife"] = Clinical,
        ["engineer"] = Right.See | Right.Operate,
        ["scientist"] = Right.See | Right.Export,
        ["admin"] = All,
    };

    /// <summary>The names of the roles, for a person.</summary>
    public static string Names { get; } = string.Join(", ", Rights.Keys);

    /// <summary>What the user of a request may.</summary>
    public static Right RightsOf(ClaimsPrincipal user) =>
        user.Identity is { IsAuthenticated: true } && user.FindFirstValue(ClaimTypes.Role) is { } role ? Rights.GetValueOrDefault(role) : Right.None;

    /// <summary>Whether the user of a request may do it.</summary>
    public static bool May(this ClaimsPrincipal user, Right right) => (RightsOf(user) & right) == right;

    /// <summary>Refuses requests of users without the right.</summary>
    public static T RequireRight<T>(this T endpoint, Right right) where T : IEndpointConventionBuilder =>
        endpoint.RequireAuthorization(policy => policy.RequireAssertion(context => context.User.May(right)));
}
