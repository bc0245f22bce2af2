using System.Collections;
using System.Reflection;

namespace Pipeline.Tests.State;

/// <summary>
/// Compares the private fields of two objects of one type, and of all that they hold, by reflection: so that a field which somebody adds to an
/// estimator and forgets in its Transfer is found by its name.
/// </summary>
internal sealed class FieldComparison
{
    /// <summary>Fields that carry nothing from one window to the next, with the reason.</summary>
    private static readonly Dictionary<string, string> Exempt = new()
    {
        ["SampleRing._int16"] = "where a sample lies does not matter, nor what lies before the window; the samples are compared by what is captured",
        ["SampleRing._float32"] = "as _int16",
        ["SampleRing._position"] = "as _int16",
        ["SlidingWindower._chunk"] = "null between chunks",
        ["SlidingWindower._at"] = "set with every chunk",
        ["SlidingWindower._closing"] = "false between chunks",
        ["DeviceStream._ending"] = "false between chunks",
        ["DeviceStream._nextAnchor"] = "only looked at with _nextAnchorFrom",
        ["PpgStage._plan"] = "shared, made again from rate and length",
        ["PpgStage._planLength"] = "as _plan",
        ["CameraTraces._length"] = "of the window that is being taken",
        ["PpgRateBelief._wide"] = "scratch",
        ["PpgPresence._isAlike"] = "of the window that is being taken",
        ["PpgPresenceFeatures._values"] = "of the last window, made anew with the next",
        ["AbpStage._found"] = "empty between windows",
        ["PeakLevels._hold"] = "only asked for until the levels stand",
        ["SampleHistory._ring"] = "only what is kept of it, which the samples of the run compare",
        ["EcgStage._state"] = "bytes, of which those that count are captured; UnpackedEcg has them as fields",
        ["EcgEstimator._found"] = "empty between windows",
        ["QrsOutcomes._ring"] = "only what a window can ask for, which the captured bytes compare",
        ["QrsCandidates._waiting"] = "as QrsOutcomes._ring",
        ["NormalIntervals._steps"] = "only those that count, which the captured bytes compare",
        ["RateFromBeats._beats"] = "as QrsOutcomes._ring",
        ["QrsDetector._features"] = "scratch: described anew for every candidate",
        ["QrsDetector.<ByThreshold>k__BackingField"] = "set for fitting only",
        ["QrsNetworkInput._features"] = "as QrsDetector._features",
        ["QrsSlowShape._now"] = "seen again before it is learnt",
        ["QrsSlowShape.<Size>k__BackingField"] = "as _now",
        ["QrsShape._now"] = "seen again before it is learnt",
        ["QrsShape.<UsualMatch>k__BackingField"] = "as _now",
        ["QrsShape.<OtherMatch>k__BackingField"] = "as _now",
        ["QrsShape.<PreviousMatch>k__BackingField"] = "as _now",
        ["QrsShape.<Peak>k__BackingField"] = "as _now",
    };

    /// <summary>Arrays that never change, or are another class's.</summary>
    private static readonly HashSet<string> Fixed = ["BeatStage._channels", "LeadSilence._channels", "PpgChannels._channels", "CameraTraces._channels", "CameraTraces._methods", "PpgStage._motionChannels", "EcgEstimator._channels", "EcgForm.<Channels>k__BackingField", "EcgForm.<Millivolts>k__BackingField", "QrsTiming._lags", "QrsTiming._shapeLags", "QrsTiming._slowLags", "QrsNetworkInput._weights"];

    private readonly HashSet<(object, object)> _visited = new(new PairOfReferences());

    /// <summary>Fields that differ, as Type.Field.</summary>
    public SortedSet<string> Different { get; } = new(StringComparer.Ordinal);

    /// <summary>Fields that can change and were compared, as Type.Field.</summary>
    public SortedSet<string> Compared { get; } = new(StringComparer.Ordinal);

    public void Compare(object? a, object? b, string name = "")
    {
        if (a is null || b is null || a.GetType() != b.GetType())
        {
            if (a is not null || b is not null)
                Different.Add(name);
            return;
        }
        var type = a.GetType();
        if (type.IsPrimitive || type.IsEnum || type == typeof(string))
        {
            if (!a.Equals(b))
                Different.Add(name);
        }
        else if (a is Delegate || ReferenceEquals(a, b) || (!type.IsValueType && !_visited.Add((a, b))))
            return;
        else if (a is IList first && b is IList second)
        {
            if (first.Count != second.Count)
                Different.Add(name);
            for (var i = 0; i < Math.Min(first.Count, second.Count); i++)
                Compare(first[i], second[i], name);
        }
        else
            CompareFields(type, a, b);
    }

    private void CompareFields(Type type, object a, object b)
    {
        for (var declaring = type; declaring is not null; declaring = declaring.BaseType)
            foreach (var field in declaring.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            {
                var name = $"{declaring.Name}.{field.Name}";
                if (Exempt.ContainsKey(name))
                    continue;
                var element = field.FieldType.GetElementType();
                if ((!field.IsInitOnly && field.FieldType.IsPrimitive) || (element is { IsPrimitive: true } && !Fixed.Contains(name)))
                    Compared.Add(name);
                Compare(field.GetValue(a), field.GetValue(b), name);
            }
    }

    private sealed class PairOfReferences : IEqualityComparer<(object A, object B)>
    {
        public bool Equals((object A, object B) x, (object A, object B) y) => ReferenceEquals(x.A, y.A) && ReferenceEquals(x.B, y.B);

        public int GetHashCode((object A, object B) pair) =>
            HashCode.Combine(System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(pair.A), System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(pair.B));
    }
}
