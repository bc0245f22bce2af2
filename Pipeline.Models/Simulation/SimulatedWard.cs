using System.Globalization;
using Pipeline.Models.Signals;

namespace Pipeline.Models.Simulation;

/// <summary>The beds of a simulated ward: mostly at rest, some that walk and run, some irregular, some with an arterial line.</summary>
public static class SimulatedWard
{
    /// <summary>
    /// Part of a second by which a bed is out of step with the one before: the golden ratio spreads any number of them evenly.
    /// </summary>
    private const double Stagger = 0.618033988749895;

    /// <summary>
    /// When bed <paramref name="index"/> (from 0) of a ward begins whose first one begins at <paramref name="start"/>: within the second,
    /// and not all at once.
    /// </summary>
    public static Timestamp StartOf(int index, Timestamp start) => start.AddSeconds(index * Stagger % 1);

    /// <summary>
    /// Scenario of bed <paramref name="index"/> (from 0) of a ward with <paramref name="seed"/>: patient <c>sim-000001</c>, bed
    /// <c>bed-0001</c>. Every fifth exercises, every eighth is irregular, every third has an arterial line, every fourth two leads, every
    /// seventh ectopic beats. The bed is the same whatever the ward's size.
    /// </summary>
    public static BedScenario Bed(int index, int seed, Timestamp start, long epoch, DeviceFaults faults, string ward = "ward-1")
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        return new()
        {
            Patient = new(string.Create(CultureInfo.InvariantCulture, $"sim-{index + 1:000000}")),
            Bed = string.Create(CultureInfo.InvariantCulture, $"bed-{index + 1:0000}"),
            Ward = ward,
            Seed = unchecked(seed * 1_000_003 + index),
            Start = start,
            Epoch = epoch,
            Activity = index % 5 == 2 ? PatientActivity.Exercise : index % 8 == 5 ? PatientActivity.Irregular : PatientActivity.Rest,
            EctopicShare = index % 7 == 4 ? 0.04 : 0,
            EcgLeadCount = index % 4 == 3 ? 2 : 1,
            HasAbp = index % 3 == 0,
            Faults = faults,
        };
    }
}
