"""Captions, names and keywords written by code, in the languages that an archive meets.

Two halves that share no sentence: what is `tuned` chose the detector's margins, what is `held` was
put aside and only counted.
"""

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

EAST = ("big5", "big5hkscs", "gbk", "gb18030", "shift_jis", "euc_jp", "euc_kr", "utf-8")
WEST = ("cp1252", "mac_roman", "utf-8")
FOREIGN = ("cp1251", "koi8_r", "cp1250", "iso8859_2", "cp1253", "cp1254", "cp850", "cp874")


@dataclass(frozen=True, slots=True)
class Written:
    """One text in one charset."""

    language: str
    text: str
    codec: str

    @property
    def raw(self) -> bytes:
        """Its bytes."""
        return self.text.encode(self.codec)


# Each language: places, people and things, doings, ways to put them together, names, words alone.
_PARTS: dict[str, tuple[Sequence[str], ...]] = {
    "zh-Hant": (
        "中環皇后大道|九龍城寨|長洲北社街|上環文咸東街|灣仔修頓球場|尖沙咀鐘樓|荃灣眾安街|大澳棚屋|石硤尾徙置區|啟德機場".split(
            "|"
        ),
        "漁民|警員與消防員|小販|學生合唱團|舞龍隊伍|電車工人|港督夫婦|街坊婦孺|泳客|工廠女工".split(
            "|"
        ),
        "慶祝端午節|等候輪候食水|參觀新落成的大樓|搶救被困者|合照留念|售賣鮮花|出席通車典禮|清理瓦礫|遷離木屋|慶賀開幕".split(
            "|"
        ),
        (
            "{a}，{b}{c}。",
            "{b}在{a}{c}",
            "{a}的{b}{c}，攝於一九五三年",
            "圖為{b}於{a}{c}（彩色底片）",
        ),
        "梁佩珊|鄧國權|歐陽穎詩|何東爵士|黎婉儀|馮秀珍|曾憲梓|葉問|丘鶴年|盧燕萍".split("|"),
        "木屋區|龍舟競渡|舊機場|街景|天星碼頭|電車|水塘|石屎森林|雨災|太平山".split("|"),
    ),
    "yue": (
        "旺角街市|深水埗鴨寮街|鰂魚涌|屋邨樓下|西環卜公花園|油麻地果欄|紅磡碼頭|柴灣|赤柱正街|觀塘裕民坊".split(
            "|"
        ),
        "啲街坊|幾個細路仔|賣魚嘅阿伯|我哋阿媽|嗰班後生仔|佢哋一家|搬貨嘅咕喱|阿婆同個孫|檔主|啲師奶".split(
            "|"
        ),
        "喺度傾偈|喺度等緊巴士|買緊餸返屋企|影咗張相|食緊雲吞麵|瞓緊晏覺|唔知望緊乜嘢|搵緊位坐|擺緊檔|睇緊大戲".split(
            "|"
        ),
        ("{a}，{b}{c}。", "{b}{c}，嗰陣{a}仲好旺", "嗰日喺{a}，{b}{c}", "{a}：{b}{c}㗎"),
        "肥仔|七姑|阿娣|大細超|豬肉榮|明叔|銀姐|細妹|輝哥|鬼佬".split("|"),
        "大排檔|涼茶舖|冰室|唐樓|電車佬|走鬼|飛髮舖|麻雀館|跌打|士多".split("|"),
    ),
    "zh-Hans": (
        "上海外滩|北京前门大街|广州沙面|沈阳铁西区|苏州平江路|哈尔滨站|延安宝塔山|成都人民公园|厦门鼓浪屿|兰州黄河铁桥".split(
            "|"
        ),
        "纺织女工|支援边疆的青年|解放军战士|放学的孩子们|码头搬运工|劳动模范|京剧演员|两国领导人|果农|骑自行车的人群".split(
            "|"
        ),
        "庆祝国庆|迎接第一列火车|参加植树活动|排练新节目|签署合作协议|抗洪抢险|检阅队伍|学习文件|装卸货物|欢送代表团".split(
            "|"
        ),
        (
            "{a}，{b}{c}。",
            "{b}在{a}{c}",
            "{a}的{b}正在{c}，一九七九年摄",
            "图为{b}于{a}{c}（黑白底片）",
        ),
        "赵秀兰|钱学礼|孙晓峰|欧阳雪|诸葛明亮|韩冬梅|冯志远|蒋桂芳|沈从军|魏巍".split("|"),
        "弄堂|大跃进|粮票|长江大桥|知青|国营工厂|胡同|春运|供销社|露天电影".split("|"),
    ),
    "ja": (
        "横浜港大桟橋|京都祇園|神戸の元町通り|札幌時計台|長崎の出島|大阪道頓堀|仙台駅前|隅田川の河畔|箱根登山鉄道|浅草雷門".split(
            "|"
        ),
        "花火見物の人々|女学生たち|漁船の乗組員|電車の運転士|疎開する児童|芸者衆|新聞配達の少年|市長と来賓|引揚者|農家の夫婦".split(
            "|"
        ),
        "写真におさまる|出航を見送る|桜の下で弁当を食べる|開通式に並ぶ|雪かきをしている|祭りの準備をする|焼け跡を歩く|ラジオを聴く|配給を待つ|テープを切る".split(
            "|"
        ),
        (
            "{a}で{b}が{c}。",
            "{a}、{c}{b}（昭和二十八年）",
            "{b}が{c}様子。撮影地は{a}",
            "{a}にて。{b}、{c}",
        ),
        "田中角太郎|鈴木さくら|高橋健一|ヤマダ タロウ|小野寺恵子|斎藤茂|松本清子|井上靖男|渡部すみれ|森山大道".split(
            "|"
        ),
        "蒸気機関車|風景|東京タワー|ひなまつり|闇市|路面電車|ｻｸﾗ|相撲|着物|空襲".split("|"),
    ),
    "ko": (
        "서울 종로|부산 국제시장|인천 월미도|대구 서문시장|경주 불국사|강원도 탄광촌|제주 성산포|평양 대동강|광주 충장로|한강 철교".split(
            "|"
        ),
        "피난민들이|교복 입은 학생들이|시장 상인들이|국군 장병들이|해녀들이|신랑과 신부가|공장 노동자들이|장관 일행이|어부들이|동네 꼬마들이".split(
            "|"
        ),
        "기념 사진을 찍고 있다|열차를 기다린다|새해를 맞이하는 모습|물건을 팔고 있다|줄을 서서 배급을 받는다|개통식에 참석했다|눈을 치우고 있다|손을 흔든다|그물을 손질한다|투표하고 있다".split(
            "|"
        ),
        ("{a}에서 {b} {c}", "{b} {a}에서 {c}.", "1956년 {a}, {b} {c}", "{a} - {b} {c} (흑백)"),
        "박정숙|이순신|최은희|정주영|한명회|윤동주|강감찬|조용필|임꺽정|서태지".split("|"),
        "전쟁고아|초가집|남대문|한복|장터|판자촌|설날|연날리기|지하철|올림픽".split("|"),
    ),
    "mixed": (
        "Tai O 大澳|City Hall 大會堂|Central Market 中環街市|Kai Tak 啟德|Peak Tram 山頂纜車".split(
            "|"
        ),
        "Mr. Lee 李先生|the Governor 港督|dragon boats 龍舟|hawkers 小販|Scouts 童軍".split("|"),
        "1967|opening 開幕|parade 巡遊|after the typhoon 颱風後|ceremony 典禮".split("|"),
        ("{a}: {b}, {c}", "{b} at {a} ({c})", "{a} / {b} / {c}", "{c}, {b}, {a}"),
        "Chan Tai Man 陳大文|Wong K.F. 黃國輝|Ho, Mary 何美麗|Leung 梁|Fong, C.Y. 方創傑".split(
            "|"
        ),
        "harbour 海港|temple 廟宇|tram 電車|New Territories 新界|squatters 寮屋".split("|"),
    ),
    "french": (
        "La gare de Saint-Lazare|Le marché d'Orléans|L'île de Ré|Une église près de Nîmes|La rue Mouffetard".split(
            "|"
        ),
        "des élèves|un pêcheur âgé|la fanfare municipale|les ouvriers grévistes|le maire et sa femme".split(
            "|"
        ),
        "à la fin de l'été|pendant la fête nationale|après la libération|au début du siècle|très tôt le matin".split(
            "|"
        ),
        ("{a}, {b} {c}", "{b} {c}, {a}", "{a} : {b}, {c}. © Archives", "« {b} » {c} ({a})"),
        "René Lefèvre|Zoé Garçon|François Étienne|Hélène Brûlé|Gaëlle Crêté".split("|"),
        "pêche à pied|défilé|théâtre|neige précoce|cathédrale gothique".split("|"),
    ),
    "german": (
        "Hauptbahnhof München|Rathausplatz in Lübeck|Fährhafen Warnemünde|Köln, Hohe Straße|Schloß Schönbrunn".split(
            "|"
        ),
        "Schüler und Lehrer|müde Flüchtlinge|die Bürgermeisterin|Bergleute aus dem Saarland|Straßenbahner".split(
            "|"
        ),
        "vor der Eröffnung|während des Rückzugs|beim Frühstück im Grünen|nach dem Großfeuer|an Ostern größtenteils".split(
            "|"
        ),
        ("{a}: {b} {c}", "{b} {c}, {a}", "{a}, {b} {c}. Foto für die Presse", "„{b}“ {c} ({a})"),
        "Jörg Schäfer|Günter Böhm|Käthe Weiß|Björn Mößner|Sören Kühn".split("|"),
        "Straßenverkehr|Überschwemmung|Gemälde|Hochzeitsfeier für zwei|Brücke".split("|"),
    ),
    "iberian": (
        "Plaza Mayor de Logroño|Estação de São Bento|Calle Alcalá, España|Praia de Itapuã|Málaga, el puerto".split(
            "|"
        ),
        "niños jugando|a procissão|los campesinos según él|irmãs e irmãos|señoras con mantón".split(
            "|"
        ),
        "después de la función|no início da manhã|durante la sequía|na véspera do Ano Novo|en otoño".split(
            "|"
        ),
        ("{a}. {b} {c}", "{b} {c}, {a}", "¿{b}? {c}, {a}", "{a} – {b} – {c}"),
        "José Muñoz|João Conceição|Begoña Ibáñez|Simão Magalhães|Ángel Núñez".split("|"),
        "fiesta patronal año 1950|canção popular|montaña|pão de açúcar|jardín botánico".split("|"),
    ),
    "russian": (
        "Красная площадь|Вокзал в Харбине|Порт Владивосток|Невский проспект|Деревня под Псковом".split(
            "|"
        ),
        "рабочие завода|дети у фонтана|офицеры флота|участники парада|старый рыбак".split("|"),
        "после войны|во время праздника|зимой 1947 года|утром|перед отъездом".split("|"),
        ("{a}, {b} {c}", "{b} {c}. {a}", "{a}: {b}, {c}", "{c} {b} ({a})"),
        "Иван Петров|Ольга Смирнова|Пётр Ильич|Юрий Гагарин|Анна Щукина".split("|"),
        "пейзаж|мост|зима|портрет|съезд".split("|"),
    ),
    "polish": (
        "Łódź, ulica Piotrkowska|Kraków Główny|Zamość – rynek|Gdańsk nad Motławą|Dvořákovo nábřeží".split(
            "|"
        ),
        "żołnierze|młodzież szkolna|robotnicy ze Śląska|dzieci i starsi|příznivci".split("|"),
        "podczas święta|po powstaniu|w dzień targowy|przed kościołem|před válkou".split("|"),
        ("{a}, {b} {c}", "{b} {c}. {a}", "{a}: {b}, {c}", "{c} {b} ({a})"),
        "Władysław Żak|Józef Święcicki|Agnieszka Dąb|Jiří Dvořák|Zdeněk Šťastný".split("|"),
        "pejzaż górski|święto|łąka|zima w mieście|hřiště".split("|"),
    ),
    "greek": (
        "Πλατεία Συντάγματος|Λιμάνι του Πειραιά|Σαντορίνη".split("|"),
        "ψαράδες|μαθητές|οι στρατιώτες".split("|"),
        "το πρωί|μετά τον πόλεμο|στη γιορτή".split("|"),
        ("{a}, {b} {c}", "{b} {c}. {a}"),
        "Γιώργος Παπάς|Ελένη|Νίκος Ξένος".split("|"),
        "θάλασσα|γάμος|χωριό".split("|"),
    ),
    "thai": (
        "กรุงเทพ|เชียงใหม่|ตลาดน้ำ".split("|"),
        "พระสงฆ์|นักเรียน|ชาวประมง".split("|"),
        "ในงานวัด|ตอนเช้า|หลังน้ำท่วม".split("|"),
        ("{b} {c} {a}", "{a} {b} {c}"),
        "สมชาย|สมหญิง ใจดี|ประเสริฐ".split("|"),
        "ทะเล|วัด|ภูเขา".split("|"),
    ),
    "turkish": (
        "İstanbul Boğazı|Eskişehir çarşısı|Kızılay Meydanı".split("|"),
        "öğrenciler|balıkçılar|işçiler ve köylüler".split("|"),
        "bayram sabahı|savaştan sonra|açılışta".split("|"),
        ("{a}, {b} {c}", "{b} {c}. {a}"),
        "Ayşe Yıldız|İsmail Çağlar|Gülşen Öztürk".split("|"),
        "düğün|köprü|kış manzarası".split("|"),
    ),
}
CODECS = {
    "zh-Hant": ("big5", "big5hkscs", "gbk", "gb18030", "utf-8", "utf-16-le", "utf-16-be"),
    "yue": ("big5hkscs", "gb18030", "utf-8", "utf-16-le"),
    "zh-Hans": ("gbk", "gb18030", "utf-8", "utf-16-le", "utf-16-be"),
    "ja": ("shift_jis", "euc_jp", "iso2022_jp", "utf-8", "utf-16-le"),
    "ko": ("euc_kr", "utf-8", "utf-16-be"),
    "mixed": ("big5", "gbk", "utf-8", "utf-16-le"),
    "french": ("cp1252", "mac_roman", "cp850", "utf-8", "utf-16-le"),
    "german": ("cp1252", "mac_roman", "cp850", "utf-8"),
    "iberian": ("cp1252", "mac_roman", "cp850", "utf-8"),
    "russian": ("cp1251", "koi8_r", "cp866", "mac_cyrillic", "utf-8"),
    "polish": ("cp1250", "iso8859_2", "cp852", "mac_latin2", "utf-8"),
    "greek": ("cp1253", "iso8859_7", "utf-8"),
    "thai": ("cp874", "utf-8"),
    "turkish": ("cp1254", "utf-8"),
}


def tuned() -> list[Written]:
    """Return the half by which the margins were chosen."""
    return [one for one in _all(0) if _encodes(one)]


def held() -> list[Written]:
    """Return the half that no margin was chosen by."""
    return [one for one in _all(1) if _encodes(one)]


def _all(half: int) -> Iterator[Written]:
    for language, parts in _PARTS.items():
        for text in _texts(parts, half):
            for codec in CODECS[language]:
                yield Written(language, text, codec)


def _texts(parts: tuple[Sequence[str], ...], half: int) -> list[str]:
    """Put a language's parts together; words of one half never stand in the other."""
    places, people, doings, ways, names, words = (list(part) for part in parts)
    mine = [part[half::2] for part in (places, people, doings)]
    every = list(itertools.product(*mine))
    drawn = random.Random(half).sample(every, min(120, len(every)))  # noqa: S311 - no secret
    whole = [ways[at % len(ways)].format(a=a, b=b, c=c) for at, (a, b, c) in enumerate(drawn)]
    return whole + [text for part in (*mine, names[half::2], words[half::2]) for text in part]


def _encodes(one: Written) -> bool:
    try:
        return not one.raw.isascii() or one.codec.startswith("iso2022")
    except UnicodeEncodeError:
        return False
