namespace Pipeline.Host.Diagnosis;

/// <summary>How a check came out.</summary>
internal enum Verdict
{
    /// <summary>Well.</summary>
    Ok,

    /// <summary>It works, but not as it should, or it is not needed for all commands.</summary>
    Warn,

    /// <summary>A command will fail.</summary>
    Fail,
}

/// <summary>What one check found.</summary>
/// <param name="Check">What was looked at.</param>
/// <param name="Verdict">How it came out.</param>
/// <param name="Found">What was found.</param>
/// <param name="Mend">What to do; empty when it is well.</param>
internal sealed record Finding(string Check, Verdict Verdict, string Found, string Mend = "");
