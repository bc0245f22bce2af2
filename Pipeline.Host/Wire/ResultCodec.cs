using System.Globalization;
using Google.Protobuf;
using Pipeline.Actors;
using Pipeline.Models;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Wire;

/// <summary>What makes a result one and the same, however often it is delivered.</summary>
/// <param name="Origin">The input record that completed the window.</param>
/// <param name="Device">Device.</param>
/// <param name="Signal">Kind of signal.</param>
/// <param name="Metric">What was estimated.</param>
/// <param name="WindowId">Window id in the device's epoch.</param>
/// <param name="BeginNs">Begin of an event, or time of a change of alarms, nanoseconds since 1970; 0 of an estimate.</param>
public readonly record struct ResultIdentity(Origin Origin, string Device, SignalKind Signal, Metric Metric, long WindowId, long BeginNs = 0)
{
    /// <summary>The identity of a point.</summary>
    public static ResultIdentity Of(VitalPoint point) =>
        new(point.Origin, point.Device, point.Estimate.Signal, point.Estimate.Metric, point.WindowId, point.Event is null && point.Alarm is null ? 0 : point.Time.UnixNanoseconds);
}

/// <summary>Points as records of the results topic (<c>result.proto</c>) and back.</summary>
public static class ResultCodec
{
    /// <summary>The version that is written and known.</summary>
    public const uint Version = 1;

    /// <summary>The record's value; its key is the patient.</summary>
    public static byte[] Encode(VitalPoint point)
    {
        ArgumentNullException.ThrowIfNull(point);
        var estimate = point.Estimate;
        var result = new V1.Result
        {
            Version = Version,
            Topic = point.Origin.Topic,
            Partition = point.Origin.Partition,
            Offset = point.Origin.Offset,
            Device = point.Device,
            Signal = (V1.SignalKind)estimate.Signal,
            Metric = (V1.Metric)estimate.Metric,
            WindowId = point.WindowId,
            Patient = point.Patient.Value,
            Ward = point.Ward,
            Bed = point.Bed,
            Epoch = point.Epoch,
            WindowStartNs = point.WindowStart.UnixNanoseconds,
            TimeNs = point.Time.UnixNanoseconds,
            Status = (V1.Status)estimate.Status,
            Unit = Names.UnitOf(estimate.Metric),
            Quality = estimate.Quality,
            Coverage = estimate.Coverage,
            Model = estimate.Model,
        };
        if (!double.IsNaN(estimate.Value))
            result.Value = estimate.Value;
        if (!double.IsNaN(estimate.Sigma))
            result.Sigma = estimate.Sigma;
        if (point.Event is { } one)
            result.Event = new V1.Event
            {
                Kind = (V1.EventKind)one.Kind,
                BeginS = one.BeginSeconds,
                EndS = one.EndSeconds,
                EndNs = one.End.UnixNanoseconds,
                IsOver = one.IsOver,
                Priority = (V1.EventPriority)one.Priority,
                Reason = one.Reason,
            };
        if (point.Alarm is { } change)
            result.Alarm = AlarmCodec.Encode(change);
        return result.ToByteArray();
    }

    /// <summary>Reads a record's value; null when it cannot be read, and then <paramref name="refused"/> says why.</summary>
    public static VitalPoint? Decode(ReadOnlySpan<byte> payload, out string? refused)
    {
        V1.Result result;
        try
        {
            result = V1.Result.Parser.ParseFrom(payload);
        }
        catch (InvalidProtocolBufferException fault)
        {
            refused = $"not a result: {fault.Message}";
            return null;
        }
        refused = result.Version != Version
            ? string.Create(CultureInfo.InvariantCulture, $"version {result.Version} of the result; this reader knows {Version}")
            : !PatientId.IsValid(result.Patient) || (result.Device.Length == 0 && result.Alarm is null) ? "a result without patient or device"
            : !Enum.IsDefined((Metric)result.Metric) ? $"metric {result.Metric}"
            : result.Alarm is { } changed && AlarmCodec.FindFault(changed) is { } unknown ? unknown
            : result.Event is { } told && !Enum.IsDefined((EventKind)told.Kind) ? $"event {told.Kind}"
            : null;
        if (refused is not null)
            return null;
        var point = new VitalPoint(
            new Origin(result.Topic, result.Partition, result.Offset), new PatientId(result.Patient), result.Ward, result.Bed, result.Device,
            result.Epoch, result.WindowId, new Timestamp(result.WindowStartNs), new Timestamp(result.TimeNs),
            new Estimate(
                (SignalKind)result.Signal, (Metric)result.Metric, result.HasValue ? result.Value : double.NaN,
                result.HasSigma ? result.Sigma : double.NaN, result.Quality, result.Coverage, StatusOf(result.Status), result.Model));
        return result.Event is { } one ? point with { Event = EventOf(one) }
            : result.Alarm is { } change ? point with { Alarm = AlarmCodec.Decode(change, point.WindowStart) } : point;
    }

    private static PatientEvent EventOf(V1.Event one) =>
        new((EventKind)one.Kind, one.BeginS, one.EndS, new Timestamp(one.EndNs), one.IsOver, PriorityOf(one.Priority), one.Reason);

    private static EventPriority PriorityOf(V1.EventPriority priority) =>
        Enum.IsDefined((EventPriority)priority) ? (EventPriority)priority : EventPriority.Information;

    /// <summary>A status that a newer program added has no value either: it is read as low quality.</summary>
    private static EstimateStatus StatusOf(V1.Status status) =>
        Enum.IsDefined((EstimateStatus)status) ? (EstimateStatus)status : EstimateStatus.LowQuality;
}
