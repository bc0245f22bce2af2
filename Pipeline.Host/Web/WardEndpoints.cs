using System.Text.Json;
using Akka.Actor;
using Confluent.Kafka;
using Pipeline.Actors.Cluster;
using Pipeline.Host.Access;
using Pipeline.Host.Status;
using Pipeline.Models.Alarms;

namespace Pipeline.Host.Web;

/// <summary>
/// <c>/api/beds</c>, <c>/api/patients/PID</c>, <c>/api/patients/PID/samples</c>, <c>/api/live</c>, <c>/status</c>: the whole ward, whichever process is asked. Reading only.
/// </summary>
internal static class WardEndpoints
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private static readonly TimeSpan Shared = TimeSpan.FromMilliseconds(200);

    /// <summary>Adds those below <c>/api</c>.</summary>
    /// <param name="routes">Where to.</param>
    /// <param name="reader">Null while the process starts: answered with 503.</param>
    /// <param name="rules">The limits of the wards.</param>
    /// <param name="time">For ages.</param>
    public static void MapWard(this IEndpointRouteBuilder routes, Func<WardReader?> reader, AlarmRules rules, TimeProvider time)
    {
        var beds = new SharedAnswer(Shared, time, () => reader() is { } ward ? BedsAsync(ward, rules, time) : Task.FromResult<byte[]>([]));
        routes.MapGet("/api/beds", async (CancellationToken stop) => await beds.GetAsync(stop) is { Length: > 0 } answer ? Results.Bytes(answer, "application/json; charset=utf-8") : Starting());
        routes.MapGet("/api/patients/{patient}", (string patient, CancellationToken stop) =>
            reader() is { } ward ? PatientAsync(ward, patient, rules, time, stop) : Task.FromResult(Starting()));
        routes.MapGet("/api/patients/{patient}/samples", (string patient, HttpContext context) =>
            reader() is { } ward ? SendSamplesAsync(ward, patient, context) : Starting().ExecuteAsync(context)).RequireRateLimiting(RequestLimits.Stream);
        routes.MapLive(reader, time);
    }

    /// <summary>Adds <c>/status</c>.</summary>
    /// <param name="routes">Where to.</param>
    /// <param name="reader">Null while the process starts: answered with 503.</param>
    /// <param name="status">Asked at each request for the status.</param>
    public static void MapStatus(this IEndpointRouteBuilder routes, Func<WardReader?> reader, Func<WardReader, CancellationToken, Task<WardStatus>> status) =>
        routes.MapGet(StatusQuery.Path, async (CancellationToken stop) => reader() is { } ward ? await StatusAsync(ward, status, stop) : Starting()).RequireRight(Right.Operate);

    private static async Task<byte[]> BedsAsync(WardReader ward, AlarmRules rules, TimeProvider time)
    {
        var (patients, all) = await ward.PatientsAsync(CancellationToken.None);
        var now = time.GetUtcNow();
        return JsonSerializer.SerializeToUtf8Bytes(new
        {
            Time = now,
            Beds = patients.GroupBy(one => (one.Report.Ward, one.Report.Bed)).Select(bed => new
            {
                bed.Key.Ward,
                bed.Key.Bed,
                Patients = bed.Select(one => View(one.Process, one.Report, rules, now)),
            }),
            Processes = Processes(all),
        }, Json);
    }

    private static async Task<IResult> PatientAsync(WardReader ward, string patient, AlarmRules rules, TimeProvider time, CancellationToken stop)
    {
        var (newest, all) = await ward.PatientAsync(patient, stop);
        if (newest?.Answer is { } report)
            return Results.Json(View(newest.Process, report, rules, time.GetUtcNow()), Json);
        // Who did not answer may have the patient.
        return all.Any(one => one.Fault is not null)
            ? Results.Json(new { Error = "No process that answered knows the patient, and not all answered.", Processes = Processes(all) }, Json, statusCode: StatusCodes.Status503ServiceUnavailable)
            : Results.Json(new { Error = "No process knows the patient." }, Json, statusCode: StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> StatusAsync(WardReader ward, Func<WardReader, CancellationToken, Task<WardStatus>> status, CancellationToken stop)
    {
        try
        {
            return Results.Json(await status(ward, stop), StatusQuery.Json);
        }
        catch (KafkaException fault)
        {
            return Results.Text(fault.Error.Reason, statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }

    // Server-sent events; the answer begins before the first chunk, which may never come.
    private static async Task SendSamplesAsync(WardReader ward, string patient, HttpContext context)
    {
        var stop = context.RequestAborted;
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-cache, no-store";
        await context.Response.Body.FlushAsync(stop);
        try
        {
            await foreach (var chunk in ward.SamplesAsync([patient], stop))
            {
                await context.Response.WriteAsync($"event: samples\ndata: {JsonSerializer.Serialize(View(chunk), Json)}\n\n", stop);
                await context.Response.Body.FlushAsync(stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Nobody looks any more.
        }
    }

    private static object View(LiveSamples chunk) => new
    {
        chunk.Patient,
        chunk.Ward,
        chunk.Bed,
        chunk.Device,
        chunk.Epoch,
        chunk.RateHz,
        chunk.FirstSampleIndex,
        chunk.Time,
        chunk.Skipped,
        Channels = chunk.Channels.Select((channel, index) => new
        {
            channel.Label,
            channel.Kind,
            channel.Unit,
            Values = chunk.ValuesOf(index).Select(value => float.IsFinite(value) ? value : (float?)null).ToArray(),
        }).ToArray(),
    };

    private static object View(Address process, PatientReport report, AlarmRules rules, DateTimeOffset now) => new
    {
        report.Patient,
        report.Ward,
        report.Bed,
        Process = NameOf(process),
        report.Partition,
        report.Time,
        AgeSeconds = Age(report.Time, now),
        SilentSince = report.Series.Count > 0 && report.Series.All(series => series.SilentSince is not null) ? report.Series.Max(series => series.SilentSince) : null,
        Alarm = report.Alarms is { Open: [var top, ..] } ? top : null,
        report.Alarms,
        report.Beats,
        report.Encodings,
        Limits = rules.Enabled ? report.Alarms?.Limits ?? rules.LimitsOf(report.Ward) : (AlarmLimits?)null,
        Models = report.Series.Select(series => series.Model).Where(model => model.Length > 0).Distinct().Order(StringComparer.Ordinal).ToArray(),
        Series = report.Series.Select(series => new
        {
            series.Device,
            series.Signal,
            series.Metric,
            series.Unit,
            series.Value,
            series.Sigma,
            series.Quality,
            series.Coverage,
            series.Status,
            series.Model,
            series.WindowId,
            series.WindowStart,
            series.Time,
            series.SilentSince,
            AgeSeconds = Age(series.Time, now),
        }).ToArray(),
    };

    private static object[] Processes<T>(IEnumerable<ProcessAnswer<T>> all) where T : class =>
        [.. all.Select(one => new { Process = NameOf(one.Process), one.Fault })];

    private static double Age(DateTimeOffset time, DateTimeOffset now) => Math.Round((now - time).TotalSeconds, 3);

    private static string NameOf(Address process) => WardStatus.NameOf(process);

    private static IResult Starting() => Results.Text("starting", statusCode: StatusCodes.Status503ServiceUnavailable);
}
