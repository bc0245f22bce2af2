using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Pipeline.Actors.Cluster;
using Pipeline.Host.Access;

namespace Pipeline.Host.Web;

/// <summary>
/// <c>/api/live?patient=PID&amp;patient=PID…</c>: the moving strips of many beds over one connection, thinned out for a screen (server-sent events). Samples leave their process only while
/// somebody looks; who is slow misses some.
/// </summary>
internal static class LiveEndpoint
{
    /// <summary>Most patients of one connection.</summary>
    public const int MostPatients = 64;

    private const double MostPoints = 1_000;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private static readonly ConditionalWeakTable<LiveSamples, ConcurrentDictionary<(int Channel, double Points), byte[]>> Messages = [];

    /// <summary>Adds it.</summary>
    public static void MapLive(this IEndpointRouteBuilder routes, Func<WardReader?> reader, TimeProvider time)
    {
        var choice = new StripChoice(time);
        routes.MapGet("/api/live", async (HttpContext context, string[]? patient, double? points, bool? all) =>
        {
            if (reader() is not { } ward)
                return Results.Text("starting", statusCode: StatusCodes.Status503ServiceUnavailable);
            if (patient is not { Length: > 0 and <= MostPatients })
                return Results.Text($"patient= is wanted 1 to {MostPatients} times.", statusCode: StatusCodes.Status400BadRequest);
            if (points is < 0 or > MostPoints or double.NaN)
                return Results.Text($"points= is {points}; allowed: 0 (all) to {MostPoints}.", statusCode: StatusCodes.Status400BadRequest);
            await SendAsync(ward, [.. patient.Distinct(StringComparer.Ordinal)], points ?? 0, all ?? false, context, choice);
            return Results.Empty;
        }).RequireRateLimiting(RequestLimits.Stream);
    }

    private static async Task SendAsync(WardReader ward, string[] patients, double points, bool all, HttpContext context, StripChoice choice)
    {
        var stop = context.RequestAborted;
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-cache, no-store";
        var body = context.Response.BodyWriter;
        await body.FlushAsync(stop);
        try
        {
            await foreach (var chunk in ward.SamplesAsync(patients, stop))
            {
                var channels = all ? Enumerable.Range(0, chunk.Channels.Length) : choice.Of(chunk) is { } one ? [one] : [];
                foreach (var channel in channels)
                    await body.WriteAsync(MessageOf(chunk, channel, points), stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Nobody looks any more.
        }
    }

    /// <summary>The message of a strip: made once for all who look at the same screen's width, and kept for as long as the chunk waits for one of them.</summary>
    private static byte[] MessageOf(LiveSamples chunk, int channel, double points) =>
        Messages.GetValue(chunk, _ => new()).GetOrAdd((channel, points), _ => [.. "data: "u8, .. JsonSerializer.SerializeToUtf8Bytes(StripSamples.Of(chunk, channel, points), Json), .. "\n\n"u8]);
}
