using System.Text.Json;
using System.Threading.Channels;
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

    private const int RoomPerPatient = 4;
    private const double MostPoints = 1_000;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Adds it.</summary>
    public static void MapLive(this IEndpointRouteBuilder routes, Func<WardReader?> reader, TimeProvider time) =>
        routes.MapGet("/api/live", async (HttpContext context, string[]? patient, double? points, bool? all) =>
        {
            if (reader() is not { } ward)
                return Results.Text("starting", statusCode: StatusCodes.Status503ServiceUnavailable);
            if (patient is not { Length: > 0 and <= MostPatients })
                return Results.Text($"patient= is wanted 1 to {MostPatients} times.", statusCode: StatusCodes.Status400BadRequest);
            if (points is < 0 or > MostPoints or double.NaN)
                return Results.Text($"points= is {points}; allowed: 0 (all) to {MostPoints}.", statusCode: StatusCodes.Status400BadRequest);
            await SendAsync(ward, [.. patient.Distinct(StringComparer.Ordinal)], points ?? 0, all ?? false, context, time);
            return Results.Empty;
        }).RequireRateLimiting(RequestLimits.Stream);

    private static async Task SendAsync(WardReader ward, string[] patients, double points, bool all, HttpContext context, TimeProvider time)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        var room = Channel.CreateBounded<LiveSamples>(new BoundedChannelOptions(patients.Length * RoomPerPatient) { SingleReader = true, FullMode = BoundedChannelFullMode.DropOldest });
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-cache, no-store";
        await context.Response.Body.FlushAsync(ends.Token);
        var readings = patients.Select(one => PassAsync(ward, one, room.Writer, ends.Token)).ToArray();
        var ended = Task.WhenAll(readings).ContinueWith(_ => room.Writer.TryComplete(), TaskScheduler.Default);
        var choice = new StripChoice(time);
        try
        {
            await foreach (var chunk in room.Reader.ReadAllAsync(ends.Token))
            {
                var channels = all ? Enumerable.Range(0, chunk.Channels.Length) : choice.Of(chunk) is { } one ? [one] : [];
                foreach (var channel in channels)
                    await context.Response.WriteAsync($"data: {JsonSerializer.Serialize(StripSamples.Of(chunk, channel, points), Json)}\n\n", ends.Token);
                if (room.Reader.Count == 0)
                    await context.Response.Body.FlushAsync(ends.Token);
            }
        }
        catch (OperationCanceledException) when (ends.IsCancellationRequested)
        {
            // Nobody looks any more.
        }
        finally
        {
            await ends.CancelAsync();
            await ended;
        }
    }

    private static async Task PassAsync(WardReader ward, string patient, ChannelWriter<LiveSamples> room, CancellationToken stop)
    {
        try
        {
            await foreach (var chunk in ward.SamplesAsync(patient, stop))
                room.TryWrite(chunk);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // As above.
        }
    }
}
