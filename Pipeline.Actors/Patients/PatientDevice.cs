using Pipeline.Models;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Actors;

/// <summary>A device at a patient: its stream, and what its last chunk said. One thread.</summary>
internal sealed class PatientDevice(DeviceStream stream, PatientId patient, string ward, string bed, Timestamp lastTime)
{
    /// <summary>A device whose first chunk has come.</summary>
    public PatientDevice(DeviceStream stream, SampleChunk first)
        : this(stream, first.Patient, first.Ward, first.Bed, first.FirstSampleTime)
    {
    }

    /// <summary>A device of a snapshot.</summary>
    public PatientDevice(DeviceStream stream, PatientId patient, PlacedDevice placed)
        : this(stream, patient, placed.Ward, placed.Bed, placed.LastTime)
    {
    }

    public DeviceStream Stream { get; } = stream;

    public PatientId Patient { get; } = patient;

    public string Ward { get; private set; } = ward;

    public string Bed { get; private set; } = bed;

    public Timestamp LastTime { get; private set; } = lastTime;

    public PlacedDevice Capture(StateTransfer state) => new(Stream.Capture(state), Ward, Bed, LastTime);

    public VitalPoint PointAt(in WindowPlace place, in Estimate estimate) => new(
        place.Origin, Patient, place.Ward, place.Bed, Stream.Device, Stream.Epoch, place.Window.Id,
        Names.SpanSecondsOf(estimate.Signal, estimate.Metric) is { } seconds ? place.Window.End.AddSeconds(-seconds) : place.Window.Start, place.Window.End, estimate);

    /// <summary>The point of an event, at its begin.</summary>
    public VitalPoint PointOf(in WindowPlace place, in SignalEvent one)
    {
        var (begin, end) = (Stream.TimeOf(one.BeginIndex), Stream.TimeOf(one.EndIndex));
        var (from, to) = (one.BeginIndex / Stream.RateHz, one.EndIndex / Stream.RateHz);
        var estimate = new Estimate(
            one.Signal, Names.MetricOf(one.Kind, one.IsOver), to - from, double.NaN, one.Probability, one.Probability, EstimateStatus.Ok,
            Models.Estimators.Stages.Classical);
        return new VitalPoint(
            place.Origin, Patient, place.Ward, place.Bed, Stream.Device, Stream.Epoch, place.Window.Id, begin, begin, estimate)
        {
            Event = new PatientEvent(one.Kind, from, to, end, one.IsOver, one.Priority, one.Reason),
        };
    }

    public void Seen(SampleChunk chunk) => (Ward, Bed, LastTime) = (chunk.Ward, chunk.Bed, chunk.FirstSampleTime);
}

/// <summary>What a window's points have in common.</summary>
internal readonly record struct WindowPlace(Origin Origin, PassedWindow Window, string Ward, string Bed);
