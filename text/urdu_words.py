"""General Urdu: words that say nothing about a topic, and what school science words are called.

Hand-written from everyday and textbook Urdu, for readers who ask in Urdu about an English book;
nothing here comes from any one book.
"""

from typing import Final

COMMON: Final = frozenset(
    """
    آ آئی آئے آتا آتی آتے آج آخر آدمی آسان آنا آنے آیا ابھی اب اپنا اپنی اپنے اتنا اتنی اتنے
    اچھا اچھی اسی اسے اصل اکثر اگر اگلا الگ اندر انہیں انھیں اوپر اہم ایسا ایسی ایسے باب بات
    بار بارے باہر بتا بتائیے بڑا بڑی بڑے بعد بغیر بلکہ بن بنا بنانا بنانی بنانے بنایا بنائی
    بنائے بنتا بنتی بنیادی بہت بہتر بھر پاس پائے پتا پر پرانا پرانی پڑتا پڑتی پڑے پڑھنا پورا
    پوری پھر پہلا پہلی پہلے پیچھے تاکہ تب تک تم تمام تین جائے جائیں جا جان جانا جانی جانے جب
    جس جسے جگہ جن جنہیں جو جواب جہاں جیسا جیسی جیسے چار چاہتا چاہتے چاہیے چاہئے چل چلا چلانا
    چلانے چلاتے چلتا چلتی چلتے چلنے چند چیز چیزیں چھوٹا چھوٹی چھوٹے حصہ حصے خالی خاص خود دن
    دو دوبارہ دوران دوسرا دوسری دوسرے دونوں دی دیا دیتا دیتی دیتے دینا دینے دیے رکھ رکھا
    رکھتا رکھتے رکھنا رکھنی رکھنے رہا رہتا رہی رہے ساتھ سا سب سکتا سکتی سکتے سکیں سمجھ سمجھا
    سمجھائیں سو سوال سی سے شروع صحیح صرف ضرورت ضروری طرح طرف طریقہ طریقے عام غلط فرق فی کام
    کافی کتاب کتنا کتنی کتنے کچھ کر کرتا کرتی کرتے کرنا کرنی کرنے کرو کرے کریں کسی کل کم کن
    کہ کہا کہنا کہتے کہیں کوئی کونسا کونسی کونسے گا گئی گئے گی گے لائے لگ لگانا لگتا لگتی
    لگے لکھنا لگائیں لیا لیتا لیتے لیکن لیں لینا ماننا مان مانگے مثال مثلا مجھ مختلف مدد
    مراد مزید مطلب معلوم ملا ملتا ملتی ملتے ملنا میرا میری میرے نام نکلتا نکلتی نہ نہیں نیا
    نئی نئے نیچے والا والی والے واقعی وجہ وجوہات وغیرہ وقت وہی ٹھیک ہر ہم ہمارا ہمیں ہمیشہ
    ہوا ہوئی ہوئے ہونا ہونی ہونے ہوں ہوگا ہوگی ہی یا یعنی یقینی یہاں یہی
    """.split()
)
LETTERS: Final[dict[str, str]] = {
    "اے": "a", "بی": "b", "سی": "c", "ڈی": "d", "ای": "e", "ایف": "f", "جی": "g", "ایچ": "h",
    "آئی": "i", "جے": "j", "کے": "k", "ایل": "l", "ایم": "m", "این": "n", "او": "o", "پی": "p",
    "کیو": "q", "آر": "r", "ایس": "s", "ٹی": "t", "یو": "u", "وی": "v", "ڈبلیو": "w",
    "ایکس": "x", "وائی": "y", "زیڈ": "z", "زی": "z",
}  # fmt: skip
"""How the letters of English abbreviations are written."""
_TERMS: Final = """
آواز sound voice audio|آلہ device|ادراک perception|استعمال use|اشارہ signal gesture
اصول principle|اعتماد confidence|انجن engine|انگلی finger|اوزار tool|ایندھن fuel|بازو arm
برق electricity|بجلی power|برقی electric|بوجھ load|بند stop|پاؤں foot|پٹھا muscle|پکڑ grasp
پکڑنا grasp|پل bridge|پہچان recognition|پہیہ wheel|پہیے wheels|پیغام message|پیغامات messages
پیمائش measurement|تاخیر delay latency|تجربہ experiment|تربیت training|ترتیب order sequence
ترجمہ translation|تصویر image|تصاویر images|تعدد frequency|تقسیم distribution|توازن balance
توانائی energy|تیز fast|تیزی fast|ٹانگ leg|ٹانگیں legs|جسم body|جوڑ joint|جوڑوں joints
جھٹکا shock push|چال gait|چلنا walking|چہرہ face|حالت state|حالتیں states|حد limit|حدود limits
حرارت heat|حرکت motion|حساب calculation|حفاظت safety|حکم command|خرابی failure|خطرہ danger
خلا space|دباؤ pressure|درجہ degree|دریافت discovery|درستگی accuracy|دماغ brain|دھکا push
دیوار wall|ذہانت intelligence|راستہ path|ران thigh|رفتار speed velocity|رکاوٹ obstacle|رکنا stop
روک stop|روکنا stop|روکنے stop|روشنی light|رگڑ friction|ریاضی mathematics|زاویہ angle
زاویے angles|زبان language|زمین ground|ساخت structure|سطح surface level|سمت direction
سیکھنا learning|سر head|شرح rate|شکل shape|شور noise|طاقت power force|طبیعیات physics
طبیعیاتی physics|عمل action process|عضو limb|غلطی error|غلطیاں errors pitfalls|فاصلہ distance
فاصلے distance|فیصلہ decision|قدم step|قدر value|قسم type|قسمیں types|قوت force|قیمت price cost
کمپن vibration|کمیت mass|کنارہ edge|گرفت grasp|گرنا fall|گر fall|گھٹنا knee|گہرائی depth
گھڑی clock|لمبائی length|ماحول environment|مائع liquid|مثلث triangle|مجازی virtual|مخروط cone
مرکز centre|مزاحمت resistance|مستحکم stable|مشق exercise|مشین machine|مصنوعی artificial
مطابقت compatibility|معلومات information|معیار quality|مقام position|مقدار amount|منزل goal
منصوبہ plan|منصوبے plan|موازنہ comparison|نتیجہ result|نظام system|نقشہ map|نقطہ point
نمونہ sample|ناپتا measures|وزن weight|وقفہ interval|ہاتھ hand|ہدف target goal|ہدایت instruction
ہنگامی emergency|یادداشت memory|جانچ test check|جانچا checked|ڈھانچہ structure skeleton
ڈھلوان slope|دوری distance|سایہ shadow|محور axis|محوری axes|کلوگرام kg|گرام gram|میٹر metre
سینٹی centimetre|سیکنڈ second|منٹ minute|گھنٹہ hour|فیصد percent
"""
TERMS: Final[dict[str, tuple[str, ...]]] = {
    entry.split()[0]: tuple(entry.split()[1:])
    for line in _TERMS.strip().splitlines()
    for entry in line.split("|")
    if entry.strip()
}
"""English words for an Urdu one."""
