using System.Globalization;
using Pipeline.Actors;
using Pipeline.Actors.Cluster;
using Pipeline.Host.Kafka;
using Pipeline.Models;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Service;

/// <summary>
/// Says which beds send nothing: to the readers at once, to the store when it takes it, in the log once. By the wall clock and outside of all series. Nothing is
/// said while the source has a fault, which is then not the beds'.
/// </summary>
/// <param name="source">How far behind its partitions are.</param>
/// <param name="latest">The readers' newest values; null: nobody reads.</param>
/// <param name="store">Takes the points; null: none does.</param>
/// <param name="silentAfter">See <see cref="TopologyOptions.SilentAfter"/>.</param>
/// <param name="log">Told.</param>
/// <param name="time">The clock.</param>
internal sealed class SilenceWatch(KafkaSource source, LatestValues? latest, IPatientSink? store, TimeSpan silentAfter, ILogger<SilenceWatch> log, TimeProvider time)
{
    private const int MostLines = 5, NearlyNone = 64;
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    private readonly Dictionary<(string Patient, string Device), IReadOnlyList<VitalPoint>> _unwritten = [];
    private readonly Dictionary<int, long?> _owned = [];    // and when one that was owned has left; null: it is owned
    private Task _writing = Task.CompletedTask;

    /// <summary>Watches the partitions until <paramref name="stop"/>.</summary>
    public async Task RunAsync(Partitions partitions, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Pace, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
                await LookAsync(partitions, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // It ends with the partitions.
        }
    }

    internal async Task LookAsync(Partitions partitions, CancellationToken stop)
    {
        var lags = source.Fault is null ? source.Lags.ToDictionary(lag => lag.Partition, lag => lag.Records) : [];
        IReadOnlyList<(int Partition, DevicePresence Device)> said;
        try
        {
            said = partitions.JudgePresence(partition => lags.TryGetValue(partition, out var records) && records <= NearlyNone);
        }
        catch (IOException fault)
        {
            log.PresenceNotRead(fault.Message);
            return;
        }
        if (latest is not null)
            await BlankLeftAsync(latest, [.. partitions.Assigned], stop);
        foreach (var shard in said.GroupBy(one => one.Partition))
            if (latest is not null)
                await latest.WriteAsync(BatchOf(shard.Key, shard.SelectMany(one => one.Device.Points)), stop);
        Tell([.. said.Where(one => one.Device.IsNew).Select(one => one.Device)]);
        if (store is null)
            return;
        foreach (var (_, device) in said)
            _unwritten[(device.Patient.Value, device.Device)] = device.Points;
        if (_writing.IsCompleted && _unwritten.Count > 0)
            _writing = WriteAsync([.. _unwritten.Values.SelectMany(points => points)], stop);
    }

    /// <summary>
    /// A partition has left this process: its last values here are as old as those of a bed that sends nothing, and the new owner's are newer, where there is one.
    /// </summary>
    private async Task BlankLeftAsync(LatestValues values, HashSet<int> assigned, CancellationToken stop)
    {
        foreach (var partition in assigned)
            _owned[partition] = null;
        foreach (var (partition, leftAt) in _owned.ToArray())
        {
            if (assigned.Contains(partition))
                continue;
            if (leftAt is not { } left)
                _owned[partition] = time.GetTimestamp();
            else if (time.GetElapsedTime(left) >= silentAfter)
            {
                _owned.Remove(partition);
                var now = Timestamp.From(time.GetUtcNow());
                await values.WriteAsync(BatchOf(partition, values.ByPartition(partition).Where(point => point.Estimate.Metric is not (Metric.Presence or Metric.Alarm)).Select(point => point with
                {
                    WindowStart = point.Time,
                    Time = now,
                    Estimate = new Estimate(point.Estimate.Signal, Metric.Presence, double.NaN, double.NaN, 0, 0, EstimateStatus.Silent, ""),
                })), stop);
            }
        }
    }

    private async Task WriteAsync(VitalPoint[] points, CancellationToken stop)
    {
        _unwritten.Clear();
        try
        {
            foreach (var shard in points.GroupBy(point => point.Origin.Partition))
                await store!.WriteAsync(BatchOf(shard.Key, shard), stop);    // only called with one
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            log.PresenceNotWritten(fault.Message);      // what is still so is said again within a minute
        }
        catch (OperationCanceledException)
        {
            // The process ends.
        }
    }

    private void Tell(DevicePresence[] changed)
    {
        TellAll([.. changed.Where(device => device is { IsSilent: true, IsInherited: false })], log.Silent, log.SilentMore);
        TellAll([.. changed.Where(device => device is { IsSilent: true, IsInherited: true })], log.StillSilent, log.StillSilentMore);
        TellAll([.. changed.Where(device => !device.IsSilent)], log.SendsAgain, log.SendsAgainMore);
    }

    private static void TellAll(DevicePresence[] devices, Action<string, string, string, string, string> tell, Action<int> tellMore)
    {
        foreach (var device in devices.Take(MostLines))
            tell(device.Bed, device.Ward, device.Patient.Value, device.Device, device.Since.ToDateTimeOffset().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        if (devices.Length > MostLines)
            tellMore(devices.Length - MostLines);
    }

    private static OutputBatch BatchOf(int partition, IEnumerable<VitalPoint> points)
    {
        var batch = new OutputBatch { Shard = partition };
        batch.Points.AddRange(points);
        return batch;
    }
}

/// <summary>What is said about silence.</summary>
internal static partial class SilenceLog
{
    [LoggerMessage(2100, LogLevel.Warning, "Bed {Bed} (ward {Ward}) is silent: nothing came of patient {Patient}, device {Device}, after {Since}")]
    public static partial void Silent(this ILogger log, string bed, string ward, string patient, string device, string since);

    [LoggerMessage(2101, LogLevel.Warning, "{Count} more devices are silent (/api/beds has them)")]
    public static partial void SilentMore(this ILogger log, int count);

    [LoggerMessage(2102, LogLevel.Information, "Bed {Bed} (ward {Ward}) was silent when this process took its partition: nothing came of patient {Patient}, device {Device}, after {Since}")]
    public static partial void StillSilent(this ILogger log, string bed, string ward, string patient, string device, string since);

    [LoggerMessage(2103, LogLevel.Information, "{Count} more devices were silent when this process took their partitions (/api/beds has them)")]
    public static partial void StillSilentMore(this ILogger log, int count);

    [LoggerMessage(2104, LogLevel.Information, "Bed {Bed} (ward {Ward}) sends again: patient {Patient}, device {Device}, up to {Since}")]
    public static partial void SendsAgain(this ILogger log, string bed, string ward, string patient, string device, string since);

    [LoggerMessage(2105, LogLevel.Information, "{Count} more devices send again")]
    public static partial void SendsAgainMore(this ILogger log, int count);

    [LoggerMessage(2106, LogLevel.Warning, "Which beds are silent was not written to the store: {Reason}")]
    public static partial void PresenceNotWritten(this ILogger log, string reason);

    [LoggerMessage(2107, LogLevel.Warning, "Which beds were silent before this process took them cannot be read: {Reason}")]
    public static partial void PresenceNotRead(this ILogger log, string reason);
}
