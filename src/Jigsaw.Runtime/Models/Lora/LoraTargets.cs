using System.Globalization;
using System.Text.RegularExpressions;

namespace Jigsaw.Models.Lora;

/// <summary>Finds the modules that a LoRA configuration targets, and their rank and scale, by PEFT's rules.</summary>
internal sealed class LoraTargets
{
    private static readonly TimeSpan _matchLimit = TimeSpan.FromSeconds(2);

    private readonly LoraConfig _config;

    public LoraTargets(LoraConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (config.Rank < 1 || config.RankPattern.Values.Any(rank => rank < 1))
        {
            throw new ArgumentException($"Rank is {config.Rank} and the RankPattern has [{string.Join(", ", config.RankPattern.Values)}]; use whole numbers of at least 1.", nameof(config));
        }

        if (!double.IsFinite(config.Alpha) || config.AlphaPattern.Values.Any(alpha => !double.IsFinite(alpha)))
        {
            throw new ArgumentException($"Alpha is {config.Alpha} and the AlphaPattern has [{string.Join(", ", config.AlphaPattern.Values)}]; use finite numbers.", nameof(config));
        }

        if (!(config.Dropout is >= 0 and < 1))
        {
            throw new ArgumentException($"Dropout is {config.Dropout}; use a number of at least 0 and below 1.", nameof(config));
        }

        if (config.LayersToTransform is not null && config.TargetPattern is not null)
        {
            throw new ArgumentException("LayersToTransform and TargetPattern are incompatible, since PEFT selects layers only for a list of TargetModules; write the layers into the pattern.", nameof(config));
        }

        _config = config;
    }

    private bool IsAllLinear => _config.TargetPattern is null && _config.TargetModules is [LoraConfig.AllLinear];

    /// <summary>True if a module of this full name gets an adapter.</summary>
    public bool Includes(string module)
    {
        if (_config.ExcludePattern is { } exclude ? IsWhole(exclude, module) : _config.ExcludeModules.Any(name => EndsWith(module, name)))
        {
            return false;
        }

        if (_config.TargetPattern is { } target)
        {
            return IsWhole(target, module);
        }

        if (IsAllLinear)
        {
            return module != CausalLM.HeadModule && IsTransformed(module);
        }

        return _config.TargetModules.Contains(module) || (_config.TargetModules.Any(name => EndsWith(module, name)) && IsTransformed(module));
    }

    public int RankOf(string module) => Find(_config.RankPattern, module, _config.Rank);

    public double ScaleOf(string module)
    {
        var rank = RankOf(module);
        return Find(_config.AlphaPattern, module, _config.Alpha) / (_config.RankStabilized ? Math.Sqrt(rank) : rank);
    }

    /// <summary>Refuses a key of the rank or alpha pattern that no module has, since its number would be dropped in silence.</summary>
    /// <exception cref="ArgumentException">There is one.</exception>
    public void CheckPatterns(IEnumerable<string> modules)
    {
        var all = modules.ToArray();
        foreach (var (name, pattern) in _config.RankPattern.Keys.Select(key => (nameof(LoraConfig.RankPattern), key)).Concat(_config.AlphaPattern.Keys.Select(key => (nameof(LoraConfig.AlphaPattern), key))))
        {
            if (all.Length > 0 && !Array.Exists(all, module => IsMeant(pattern, module)))
            {
                throw new ArgumentException($"{name} has '{pattern}', which matches no module with an adapter; their names end like {string.Join(", ", all.Take(7))}.");
            }
        }
    }

    private bool IsTransformed(string module)
    {
        if (_config.LayersToTransform is not { } layers)
        {
            return true;
        }

        foreach (var pattern in _config.LayersPattern.DefaultIfEmpty("[^.]*"))
        {
            var match = Match($@"^.*\.{pattern}\.(\d+)\.", module);
            if (match.Success)
            {
                return int.TryParse(match.Groups[^1].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var layer) && layers.Contains(layer);
            }
        }

        return false;
    }

    private static T Find<T>(IReadOnlyDictionary<string, T> patterns, string module, T otherwise)
    {
        foreach (var (pattern, value) in patterns)
        {
            if (IsMeant(pattern, module))
            {
                return value;
            }
        }

        return otherwise;
    }

    private static bool IsMeant(string pattern, string module) => Match($@"^(?:.*\.)?(?:{pattern})$", module).Success;

    private static bool EndsWith(string module, string name) => module == name || module.EndsWith("." + name, StringComparison.Ordinal);

    private static bool IsWhole(string pattern, string module) => Match($"^(?:{pattern})$", module).Success;

    private static Match Match(string pattern, string module)
    {
        try
        {
            return Regex.Match(module, PythonPattern.Translate(pattern), RegexOptions.CultureInvariant, _matchLimit);
        }
        catch (ArgumentException exception)
        {
            throw new ArgumentException($"'{pattern}' is not a regular expression; write it as Python's re has it.", exception);
        }
        catch (RegexMatchTimeoutException exception)
        {
            throw new ArgumentException($"'{pattern}' takes longer than {_matchLimit.TotalSeconds} s to match a module's name; write it without nested repetitions.", exception);
        }
    }
}
