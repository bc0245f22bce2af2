namespace Pipeline.Models.Estimators;

/// <summary>Which leads of a device are used, and in which unit they are.</summary>
internal static class LeadChoice
{
    /// <summary>At most <paramref name="most"/> of <paramref name="leads"/>, spread evenly, the first and the last among them.</summary>
    public static int[] Spread(int[] leads, int most)
    {
        if (leads.Length <= most)
            return leads;
        var chosen = new int[most];
        for (var i = 0; i < most; i++)
            chosen[i] = leads[(int)Math.Round(i * (leads.Length - 1) / (most - 1.0))];
        return chosen;
    }

    /// <summary>One millivolt in <paramref name="unit"/>; 0 where the unit says nothing.</summary>
    public static float MillivoltIn(string unit) => unit switch
    {
        "mV" => 1,
        "uV" or "µV" or "μV" => 1000,
        "V" => 0.001f,
        "nV" => 1e6f,
        _ => 0,
    };
}
