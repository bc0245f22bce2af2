using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Pipeline.Host.Access;

namespace Pipeline.Host.Web;

/// <summary><c>/api/session</c>: who is signed in, signing in and out; <c>/api/names</c>, <c>/api/audit</c>.</summary>
internal static class SessionEndpoints
{
    private const int MostName = 100;

    private sealed record SignInRequest(string? Name, string? Password);

    /// <summary>Adds them.</summary>
    public static void MapSession(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/session", (HttpContext context, SignIns users, IAntiforgery csrf) => Results.Json(new
        {
            Name = context.User.Identity?.Name,
            Role = context.User.FindFirst(System.Security.Claims.ClaimTypes.Role)?.Value,
            Rights = Enum.GetValues<Right>().Where(right => right != Right.None && context.User.May(right)).Select(right => right.ToString().ToLowerInvariant()),
            Csrf = csrf.GetAndStoreTokens(context).RequestToken,
            users.ByPassword,
            users.ByOpenId,
            IsSession = context.User.Identity?.AuthenticationType == Schemes.Session,
        })).AllowAnonymous();
        routes.MapPost("/api/session", SignInAsync).AllowAnonymous().RequireCsrfToken().RequireRateLimiting(RequestLimits.SignIn);
        routes.MapDelete("/api/session", async (HttpContext context, AuditLog audit) =>
        {
            audit.Write(context, "sign_out");
            await context.SignOutAsync(Schemes.Session);
            return Results.NoContent();
        }).RequireCsrfToken();
        routes.MapGet("/signin/openid", (SignIns users) => users.ByOpenId
            ? Results.Challenge(new AuthenticationProperties { RedirectUri = "/" }, [Schemes.OpenId])
            : Results.NotFound()).AllowAnonymous().RequireRateLimiting(RequestLimits.SignIn);
        routes.MapGet("/api/names", (SignIns users) => Results.Json(users.BedNames)).RequireRight(Right.Names);
        routes.MapGet("/api/audit", (AuditLog audit) => Results.Json(audit.Newest())).RequireRight(Right.Audit);
    }

    private static async Task<IResult> SignInAsync(SignInRequest request, HttpContext context, SignIns users, AuditLog audit, CancellationToken stop)
    {
        if (request is not { Name: { Length: > 0 and <= MostName } name, Password: { Length: > 0 } password } || name.Any(char.IsControl))
            return Results.Text("name and password are wanted.", statusCode: StatusCodes.Status400BadRequest);
        if (await users.VerifyAsync(name, password, stop) is not { } user)
        {
            audit.Write(context, "sign_in_refused", detail: $"as {name}");
            return Results.Text("There is nobody of this name with this password.", statusCode: StatusCodes.Status401Unauthorized);
        }
        audit.Write(user, context.Connection.RemoteIpAddress?.ToString() ?? "", "sign_in", "", "by password");
        await context.SignInAsync(Schemes.Session, user);
        return Results.NoContent();
    }
}
