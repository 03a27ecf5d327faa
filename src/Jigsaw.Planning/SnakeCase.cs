using System.Text;

namespace Jigsaw.Planning;

/// <summary>Turns a method's name into a component key and back into a member's name.</summary>
internal static class SnakeCase
{
    /// <summary><c>NoiseFloor</c> → <c>noise_floor</c>, <c>KLTerm</c> → <c>kl_term</c>, <c>L2Floor</c> → <c>l2_floor</c>.</summary>
    public static string Of(string name)
    {
        var text = new StringBuilder(name.Length + 4);
        for (var i = 0; i < name.Length; i++)
        {
            var c = name[i];
            var startsWord = i > 0 && char.IsUpper(c) && name[i - 1] != '_'
                && (!char.IsUpper(name[i - 1]) || (i + 1 < name.Length && char.IsLower(name[i + 1])));
            if (startsWord)
            {
                text.Append('_');
            }

            text.Append(char.ToLowerInvariant(c));
        }

        return text.ToString();
    }

    /// <summary>True if a text is a name in snake case: small Latin letters and digits in words joined by single underscores, a letter first.</summary>
    public static bool IsOne(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var startsWord = i == 0 || text[i - 1] == '_';
            var isPart = text[i] is >= 'a' and <= 'z' || (i > 0 && text[i] is >= '0' and <= '9') || (!startsWord && text[i] == '_');
            if (!isPart)
            {
                return false;
            }
        }

        return text.Length > 0 && text[text.Length - 1] != '_';
    }

    /// <summary><c>gaussian_mixture_mahalanobis_distance_loss</c> → <c>GaussianMixtureMahalanobisDistanceLoss</c>.</summary>
    public static string ToPascal(string key)
    {
        var text = new StringBuilder(key.Length);
        foreach (var word in key.Split(['_'], StringSplitOptions.RemoveEmptyEntries))
        {
            text.Append(char.ToUpperInvariant(word[0])).Append(word, 1, word.Length - 1);
        }

        return text.ToString();
    }
}
