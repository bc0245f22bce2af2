using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Pipeline.Host.Access;

/// <summary>How many requests are answered: of a user, of an address that nobody has signed in from, at all.</summary>
internal static class RequestLimits
{
    /// <summary>Tries to sign in, by address.</summary>
    public const string SignIn = "sign_in";

    /// <summary>Streams that last, by user.</summary>
    public const string Stream = "stream";

    /// <summary>Questions to the store, of all.</summary>
    public const string Store = "store";

    private const int Burst = 10, WaitingPerReader = 8;
    private const long MostBodyBytes = 64 << 10;
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>Adds them.</summary>
    public static void AddRequestLimits(this IServiceCollection services, AccessOptions options)
    {
        services.Configure<KestrelServerOptions>(server => server.Limits.MaxRequestBodySize = MostBodyBytes);
        services.AddRateLimiter(limits =>
        {
            limits.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
            limits.OnRejected = (context, _) =>
            {
                context.HttpContext.Response.Headers.RetryAfter = RetryAfter.TotalSeconds.ToString(CultureInfo.InvariantCulture);
                return ValueTask.CompletedTask;
            };
            limits.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(context => RateLimitPartition.GetTokenBucketLimiter(UserOf(context), _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = Burst * options.RequestsPerSecond,
                TokensPerPeriod = options.RequestsPerSecond,
                ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            }));
            limits.AddPolicy(SignIn, context => RateLimitPartition.GetFixedWindowLimiter(AddressOf(context), _ => new FixedWindowRateLimiterOptions
            {
                PermitLimit = options.SignInsPerMinute,
                Window = TimeSpan.FromMinutes(1),
            }));
            limits.AddPolicy(Stream, context => RateLimitPartition.GetConcurrencyLimiter(UserOf(context), _ => new ConcurrencyLimiterOptions { PermitLimit = options.Streams }));
            limits.AddConcurrencyLimiter(Store, store => (store.PermitLimit, store.QueueLimit) = (options.Readers, WaitingPerReader * options.Readers));
        });
    }

    private static string UserOf(HttpContext context) => context.User.Identity is { IsAuthenticated: true, Name: { } name } ? $"user {name}" : AddressOf(context);

    private static string AddressOf(HttpContext context) => $"address {context.Connection.RemoteIpAddress}";
}
