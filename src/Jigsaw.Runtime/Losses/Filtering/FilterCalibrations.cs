namespace Jigsaw.Losses.Filtering;

/// <summary>
/// What a bound loss has learned about its gradient filter, for each pass, kind of targets and allowed error. It belongs to the bound loss and goes into the
/// checkpoints of its training: a resumed run filters exactly as an uninterrupted one would.
/// </summary>
internal sealed class FilterCalibrations
{
    private SortedDictionary<string, FilterCalibration> _calibrations = new(StringComparer.Ordinal);

    /// <summary>What is known about one gradient; created on first access.</summary>
    /// <param name="pass">Whose gradient is filtered.</param>
    /// <param name="target">What it is compared with.</param>
    /// <param name="allowed">The allowed error.</param>
    public FilterCalibration Of(Pass pass, CeTarget target, double allowed)
    {
        var key = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{pass} {target} {allowed:R}");
        if (!_calibrations.TryGetValue(key, out var calibration))
        {
            _calibrations.Add(key, calibration = new FilterCalibration(allowed));
        }

        return calibration;
    }

    /// <summary>Everything that was learned, as numbers by name.</summary>
    public IReadOnlyDictionary<string, double> Save()
    {
        var state = new Dictionary<string, double>();
        foreach (var (key, calibration) in _calibrations)
        {
            foreach (var (name, value) in calibration.Save())
            {
                state.Add($"{key} {name}", value);
            }
        }

        return state;
    }

    /// <summary>Restores what <see cref="Save"/> returned; everything else is forgotten, and nothing changes if it can't be read.</summary>
    /// <exception cref="FormatException">A name is not one that <see cref="Save"/> writes.</exception>
    public void Restore(IReadOnlyDictionary<string, double> state)
    {
        var restored = new FilterCalibrations();
        foreach (var group in state.GroupBy(entry => entry.Key[..Math.Max(entry.Key.LastIndexOf(' '), 0)]))
        {
            if (group.Key.Split(' ') is not [var pass, var target, var allowed]
                || !Enum.TryParse<Pass>(pass, out var ofPass) || !Enum.TryParse<CeTarget>(target, out var ofTarget)
                || !double.TryParse(allowed, System.Globalization.CultureInfo.InvariantCulture, out var error))
            {
                throw new FormatException($"'{group.Key}' names no filtered gradient; expected a pass, a kind of targets and an allowed error, as in 'StudentNoisy Soft 0.005'.");
            }

            restored.Of(ofPass, ofTarget, error).Restore(group.ToDictionary(entry => entry.Key[(entry.Key.LastIndexOf(' ') + 1)..], entry => entry.Value));
        }

        _calibrations = restored._calibrations;
    }
}
