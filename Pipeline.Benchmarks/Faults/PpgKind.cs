namespace Pipeline.Benchmarks.Faults;

/// <summary>
/// Kinds of wrist PPG in which estimators lose the heart, made by <see cref="PpgSession"/>. All but <see cref="Arms"/> are rest,
/// walking, running and walking again, about five minutes.
/// </summary>
public enum PpgKind
{
    /// <summary>The heart climbs to the step rate and stays within a few beats of it for minutes.</summary>
    Lock,

    /// <summary><see cref="Lock"/>, with much of the stride (half the step rate) in the PPG and little of it in the accelerometer.</summary>
    LockStride,

    /// <summary>The heart stays at the walking rate, or at the stride rate of the run.</summary>
    LockHalf,

    /// <summary>The heart passes through the step rate, or through half of it, within half a minute.</summary>
    Cross,

    /// <summary>Sensor off for 10 to 60 s, afterwards another heart rate, and a movement that only the PPG sees.</summary>
    Gap,

    /// <summary>Steps from the first sample on.</summary>
    Start,

    /// <summary>The hand is on a bar that shakes: the PPG sees the steps, the accelerometer hardly anything.</summary>
    Bar,

    /// <summary>The PPG is often at its upper limit.</summary>
    Saturated,

    /// <summary>The heart rate goes up and down by 30 to 60 within 20 to 40 s.</summary>
    Fast,

    /// <summary>Uneven exercise of the arm with a weak pulse, at a low rate that rises and falls.</summary>
    Arms,
}
