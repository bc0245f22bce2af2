using System.Text.Json;
using Confluent.Kafka;
using Pipeline.Host.Access;
using Pipeline.Models;
using Pipeline.Models.Estimators.Ppg;
using Pipeline.Models.Features;
using Pipeline.Models.Signals;
using Pipeline.Training.Explanation;

namespace Pipeline.Host.Web;

/// <summary>
/// <c>/api/patients/PID/explanation?to=MS</c>: what carried the heart-rate network's answer to the patient's last window of a PPG before that time (milliseconds since 1970; now), by occlusion. The window is asked again, after the minute
/// before it, from the input topic: what the network knew of earlier times is not there.
/// </summary>
internal static class ExplanationEndpoint
{
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(64);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    // Tens of milliseconds of a core each: one at a time, so that a page that is open for everybody takes no more.
    private static readonly SemaphoreSlim One = new(1);

    /// <summary>Adds it.</summary>
    /// <param name="routes">Where to.</param>
    /// <param name="read">Reads samples of the past.</param>
    /// <param name="network">The network that is asked now; null: none.</param>
    /// <param name="time">For what is asked up to now.</param>
    public static void MapExplanation(this IEndpointRouteBuilder routes, ReadStretch read, Func<RateModel?> network, TimeProvider time) =>
        routes.MapGet("/api/patients/{patient}/explanation", async (string patient, long? to, CancellationToken stop) =>
        {
            if (!PatientId.IsValid(patient) || to is < 0 || to > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())
                return Results.Text("to= is no time: milliseconds since 1970 are wanted.", statusCode: StatusCodes.Status400BadRequest);
            if (network() is not { } model || !RateExplainer.Takes(model.Package))
                return Results.Text("No network that can be explained is asked about PPGs here.", statusCode: StatusCodes.Status404NotFound);
            var end = to is { } asked ? DateTimeOffset.FromUnixTimeMilliseconds(asked) : time.GetUtcNow();
            try
            {
                var chunks = await read(new PatientId(patient), end - Before, end, stop);
                await One.WaitAsync(stop);
                try
                {
                    return await Task.Run(() => Explain(chunks, model), stop) is { } explained ? Results.Json(explained, Json) : Results.Text("The network was not asked in this minute.", statusCode: StatusCodes.Status404NotFound);
                }
                finally
                {
                    One.Release();
                }
            }
            catch (Exception fault) when (fault is KafkaException or IOException)
            {
                return Results.Text(fault.Message, statusCode: StatusCodes.Status503ServiceUnavailable);
            }
        }).RequireRateLimiting(RequestLimits.Store);

    private static object? Explain(IReadOnlyList<SampleChunk> chunks, RateModel model)
    {
        var device = chunks.Where(chunk => chunk.RateHz >= PpgStage.MinRateHz && chunk.Channels.IndicesOf(SignalKind.Ppg).Length > 0)
            .OrderBy(chunk => chunk.FirstSampleTime.UnixNanoseconds).GroupBy(chunk => chunk.Device).MaxBy(own => own.First().Channels.IndicesOf(SignalKind.Ppg).Length);
        if (device is null || SeenWindow.Of(device, model).LastOrDefault() is not { } seen)
            return null;
        using var explainer = new RateExplainer(model.Package);
        var explained = explainer.Explain(seen.Input, seen.State, withGradients: false);
        return new
        {
            Device = device.Key,
            Model = model.Identity,
            WindowStart = seen.Window.Start.UnixNanoseconds / 1_000_000,
            Value = seen.Estimate.Status == EstimateStatus.Ok ? seen.Estimate.Value : (double?)null,
            seen.Estimate.Quality,
            NetworkRate = explained.Rate,
            explained.LogOdds,
            Rates = new { First = RateFeatures.FirstPerMinute, Step = RateFeatures.StepPerMinute },
            Occlusion = RateSource.All.Select((source, s) => (source.Name, Lost: explained.Occlusion[s].Select(Shown))).ToDictionary(one => one.Name, one => one.Lost),
            Bands = explained.Bands.Select(Shown),
            Lost = RateSource.All.Select((source, s) => (source.Name, Lost: Shown(explained.Sources[s]))).Append(("before", Shown(explained.Before))).ToDictionary(one => one.Item1, one => one.Item2),
        };
    }

    private static double Shown(double nats) => Math.Round(nats, 3);
}
